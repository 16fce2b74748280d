import DataFormats
import FoundationEssentials
import Glibc
import Hummingbird
import NIOCore
import NIOPosix
import RunProtocol

/// Takes a body into a new file, which is there whole, on the disk and with the digest that was promised, or not at all.
package enum Upload {
    static func receive(
        _ body: RequestBody, limit: Int, digest: Digest, into folder: String
    ) async throws -> UploadedFile {
        let path = "\(folder)/upload-\(UUID().uuidString)"
        let descriptor = WritePoint.createUpload.perform {
            open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        }
        guard descriptor >= 0 else {
            let problem = errno
            throw DataError(shortage: problem, at: path) ?? failure(problem)
        }
        defer { close(descriptor) }
        do {
            let bytes = try await receive(body, limit: limit, digest: digest, descriptor: descriptor)
            return UploadedFile(path: path, bytes: bytes, digest: digest)
        } catch {
            _ = WritePoint.deleteUpload.perform { unlink(path) }
            throw error
        }
    }

    /// So much goes to the disk's thread at once: going there takes longer than writing what a network packet brings.
    private static let piece = 256 << 10

    private static func receive(
        _ body: RequestBody, limit: Int, digest: Digest, descriptor: Int32
    ) async throws -> Int {
        var hasher = DigestHasher()
        var count = 0
        var gathered = ByteBuffer()
        do {
            for try await var chunk in body {
                count += chunk.readableBytes
                guard count <= limit else { throw APIError.tooLong(limit: limit) }
                chunk.withUnsafeReadableBytes { hasher.update($0) }
                gathered.writeBuffer(&chunk)
                if gathered.readableBytes >= piece {
                    let full = gathered
                    gathered = ByteBuffer()
                    try await onDiskThread { try write(full, to: descriptor) }
                }
            }
            let rest = gathered
            try await onDiskThread { try write(rest, to: descriptor) }
        } catch  where !(error is APIError || error is UploadFailure || error is Refusal) {
            throw APIError(.badRequest, "the body was cut off", hint: "send it again")
        }
        guard hasher.finish() == digest else {
            throw APIError(
                .badRequest, "the body does not have the SHA-256 that Content-Digest names",
                hint: "it was cut off or changed on the way: send it again")
        }
        try await onDiskThread {
            guard WritePoint.synchronizeUpload.perform({ fsync(descriptor) }) == 0 else { throw failure(errno) }
        }
        return count
    }

    /// Waiting for the disk must not hold up those who only wait for a task.
    private static func onDiskThread(_ work: @escaping @Sendable () throws -> Void) async throws {
        try await NIOThreadPool.singleton.runIfActive(work)
    }

    private static func write(_ chunk: ByteBuffer, to descriptor: Int32) throws {
        try chunk.withUnsafeReadableBytes { bytes in
            var rest = bytes[...]
            while !rest.isEmpty {
                let count = WritePoint.writeUpload.perform {
                    Glibc.write(descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
                }
                guard count > 0 else { throw failure(errno) }
                rest = rest.dropFirst(count)
            }
        }
    }

    private static func failure(_ code: Int32) -> UploadFailure {
        code == ENOSPC || code == EDQUOT
            ? UploadFailure(description: "the coordinator's disk is full", hint: "make room on it; workers try again")
            : UploadFailure(
                description: "the coordinator cannot write an upload: \(String(cString: strerror(code)))",
                hint: "look at its state folder; workers try again")
    }
}

/// The upload folder does not work: a matter for the coordinator, not for the one who sent the upload.
struct UploadFailure: Error, CustomStringConvertible {
    let description: String
    let hint: String
}
