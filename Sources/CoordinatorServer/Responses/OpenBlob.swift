import DataFormats
import Glibc
import Hummingbird
import NIOCore
import NIOPosix
import RunProtocol

/// A blob's open file: it is opened before the answer begins, so that the answer can say where that fails.
final class OpenBlob: Sendable {
    /// So much is read at once.
    private static let piece = 128 << 10

    private let blob: StoredBlob
    private let descriptor: Int32

    /// - Throws: `DataError` `.hostShortage` whenever the system has no descriptor left; `BlobFailure` whenever the file is
    ///   not there as a whole.
    init(_ blob: StoredBlob) throws {
        self.blob = blob
        descriptor = open(blob.path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw DataError(shortage: errno, at: blob.path) ?? BlobFailure(blob: blob) }
        var information = stat()
        guard fstat(descriptor, &information) == 0, Int(information.st_size) >= blob.bytes else {
            close(descriptor)
            throw BlobFailure(blob: blob)
        }
    }

    deinit { close(descriptor) }

    func body(_ range: Range<Int>) -> ResponseBody {
        ResponseBody(contentLength: range.count) { writer in
            for start in stride(from: range.lowerBound, to: range.upperBound, by: Self.piece) {
                let part = start..<min(start + Self.piece, range.upperBound)
                try await writer.write(NIOThreadPool.singleton.runIfActive { try self.read(part) })
            }
            try await writer.finish(nil)
        }
    }

    private func read(_ range: Range<Int>) throws -> ByteBuffer {
        var buffer = ByteBuffer()
        let count = buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: range.count) { bytes in
            readAll(
                descriptor, at: range.lowerBound, into: UnsafeMutableRawBufferPointer(rebasing: bytes[..<range.count]))
                ?? 0
        }
        guard count == range.count else { throw BlobFailure(blob: blob) }
        return buffer
    }
}

/// The blob folder is not as the coordinator thinks: a matter for its log.
struct BlobFailure: Error, CustomStringConvertible {
    let blob: StoredBlob

    var description: String { "the file \(blob.path) is not there with \(blob.bytes) bytes" }
}
