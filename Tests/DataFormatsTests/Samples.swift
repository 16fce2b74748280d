import CJPEG
import DataFormats
import Foundation

/// Bytes for tests.
enum Made {
    static func idx(type: UInt8 = 8, dimensions: [UInt32], payload: [UInt8]) -> [UInt8] {
        let sizes = dimensions.flatMap { size in (0..<4).map { UInt8(truncatingIfNeeded: size >> (24 - 8 * $0)) } }
        return [0, 0, type, UInt8(dimensions.count)] + sizes + payload
    }

    static let bytes = SampleTable(count: 3, sampleShape: [4], numbers: .uint8(Array(0..<12)))
    static let floats = SampleTable(count: 2, sampleShape: [3], numbers: .float32([0, -1.5, 2, 3e8, 1e-9, 5]))

    static let weights = Safetensors(
        tensors: [
            .init(name: "encoder.0.weight", shape: [2, 3]), .init(name: "encoder.0.bias", shape: [3]),
            .init(name: "empty", shape: [0, 4]),
        ], values: [1, 2, 3, 4, 5, 6, 0.5, -0.5, 0],
        metadata: ["network": "{\"layers\": [3]}", "a": "line\nbreak \\ \u{1}"])

    /// A folder that is removed when `body` ends.
    static func folder<Result>(_ body: (URL) throws -> Result) throws -> Result {
        let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        return try body(folder)
    }

    static func jpeg(width: Int, height: Int, channels: Int, pixels: [UInt8], quality: Int32 = 90) throws -> [UInt8] {
        let encoder = tjInitCompress()
        defer { tjDestroy(encoder) }
        var memory: UnsafeMutablePointer<UInt8>?
        var size: UInt = 0
        defer { tjFree(memory) }
        let format = channels == 1 ? TJPF_GRAY : channels == 3 ? TJPF_RGB : TJPF_CMYK
        let sampling = channels == 1 ? TJSAMP_GRAY : TJSAMP_444
        let status = tjCompress2(
            encoder, pixels, Int32(width), 0, Int32(height), Int32(format.rawValue), &memory, &size,
            Int32(sampling.rawValue), quality, 0)
        guard status == 0, let memory else { throw Failure(what: "JPEG") }
        return Array(UnsafeBufferPointer(start: memory, count: Int(size)))
    }

    static func gzipped(_ bytes: [UInt8]) throws -> Data {
        try folder { folder in
            let file = folder.appending(path: "file")
            try Data(bytes).write(to: file)
            try run("gzip", ["--fast", file.path])
            return try Data(contentsOf: file.appendingPathExtension("gz"))
        }
    }

    struct Failure: Error {
        let what: String
    }

    static func run(_ program: String, _ arguments: [String]) throws {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = [program] + arguments
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw Failure(what: program) }
    }
}

/// The code of the error that `body` throws; nil where it throws none of ours.
func code<Result>(_ body: () throws -> Result) -> DataError.Code? {
    do {
        _ = try body()
        return nil
    } catch {
        return (error as? DataError)?.code
    }
}
