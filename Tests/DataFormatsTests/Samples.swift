import DataFormats
import Foundation
import RandomNumbers

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
            .init(name: "encoder.0.weight", shape: [2, 3], values: [1, 2, 3, 4, 5, 6]),
            .init(name: "encoder.0.bias", shape: [3], values: [0.5, -0.5, 0]),
            .init(name: "empty", shape: [0, 4], values: []),
        ], metadata: ["network": "{\"layers\": [3]}", "a": "line\nbreak \\ \u{1}"])

    /// A folder that is removed when `body` ends.
    static func folder<Result>(_ body: (URL) throws -> Result) throws -> Result {
        let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        return try body(folder)
    }
}
