import DataFormats
import ModelFormat
import RunProtocol
import Training

/// Samples for an exported network: the one way in which commands read them, so that columns, shape and scale are those
/// that the network learnt from, or the file is refused.
struct ModelSamples {
    let rows: SampleRows
    let divisor: Double

    /// Says on standard error what was taken for granted.
    /// - Parameter own: what the numbers are to be divided by, where the command was told.
    init(_ rows: SampleRows, path: String, for model: ModelDescription, divideBy own: Double?) throws {
        let expected = model.expectation
        let order = try expected.order(of: path, shape: rows.sampleShape, columns: rows.columns, .command)
        self.rows = order.places.map(rows.selecting) ?? rows
        divisor = try expected.divisor(of: path, range: NumberRange(of: self.rows), own: own, .command)
        for remark in rows.remarks + order.remarks { FileHandleOutput.standardError(remark + "\n") }
    }

    /// So many bytes of samples are in memory at once, apart from a part of the fewest samples.
    private static let partBytes = 1 << 24
    /// Parts have a multiple of so many samples, as tasks go through them, so that they make no difference to a sum.
    private static let step = 256

    /// How many samples a part has.
    private var atOnce: Int { max(1, Self.partBytes / (rows.size * rows.type.bytes * Self.step)) * Self.step }

    /// What a part takes of memory, with what a measurement makes of it.
    var partMemory: Int { min(rows.count, atOnce) * rows.size * rows.type.bytes * 2 }

    /// Hands all of them over, part by part.
    func forEachPart(_ body: (Samples) throws -> Void) throws {
        for start in stride(from: 0, to: rows.count, by: atOnce) {
            let places = Array(Int32(start)..<Int32(min(start + atOnce, rows.count)))
            try body(load(places[...]))
        }
    }

    /// All of them in memory.
    func load() throws -> Samples { try load(Array(0..<Int32(rows.count))[...]) }

    private func load(_ places: ArraySlice<Int32>) throws -> Samples {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(places.count * rows.size * rows.type.bytes)
        try rows.forEachPart(of: places) { bytes += $0 }
        let numbers: Samples.Numbers =
            switch rows.type {
            case .uint8: .uint8(bytes)
            case .float32: .float32(bytes.withUnsafeBytes { Array($0.bindMemory(to: Float.self)) })
            }
        return Samples(count: places.count, size: rows.size, numbers: numbers, divisor: divisor)
    }
}

extension Reconstruction {
    /// Nil where the network gives nothing back.
    init?(_ model: Model) {
        guard case .reconstruction(let target, _, let output) = model.description.use else { return nil }
        self.init(model.description.graph, target: target, output: output, weights: model.weights)
    }
}
