/// A kind of bytes that come from outside. Each is read by the code that the program reads it with, under its limits.
///
/// ```swift
/// try bytes.withUnsafeBytes { try FuzzTarget.plan.parse($0) }
/// ```
package enum FuzzTarget: String, CaseIterable, Sendable {
    /// A worker's answer to a task, gzipped or not.
    case update
    /// Weights, and exported networks with their description.
    case safetensors
    /// Samples and labels; each of the three may be gzipped.
    case npy, idx, csv
    /// PNG and JPEG.
    case image
    /// A plan's YAML.
    case plan
    /// What a coordinator is told over HTTP, and what it answers.
    case json

    /// Reads `bytes`, and then all that was found in them. They may be refused; they may not end the process, take long,
    /// or take more memory than their size explains.
    /// - Throws: `BrokenPromise` whenever something does not hold that must hold of any bytes.
    package func parse(_ bytes: UnsafeRawBufferPointer) throws {
        switch self {
        case .update: try Self.readUpdate(bytes)
        case .safetensors: try Self.readWeights(bytes)
        case .npy, .idx: try Self.readSamples(bytes)
        case .csv: try Self.readTable(bytes)
        case .image: try Self.readImage(bytes)
        case .plan: try Self.readPlan(bytes)
        case .json: try Self.readMessages(bytes)
        }
    }
}
