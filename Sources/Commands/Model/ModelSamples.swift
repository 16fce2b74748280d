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
    ///
    /// - Parameter own: what the numbers are to be divided by, where the command was told.
    init(_ rows: SampleRows, path: String, for model: ModelDescription, divideBy own: Double?) throws {
        let expected = model.expectation
        let order = try expected.order(of: path, shape: rows.sampleShape, columns: rows.columns, .command)
        self.rows = order.places.map(rows.selecting) ?? rows
        divisor = try expected.divisor(of: path, range: NumberRange(of: self.rows), own: own, .command)
        for remark in rows.remarks + order.remarks { FileHandleOutput.standardError(remark + "\n") }
    }

    /// All of them in memory.
    func load() throws -> Samples {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(rows.count * rows.size * rows.type.bytes)
        try rows.forEachPart(of: Array(0..<Int32(rows.count))[...]) { bytes += $0 }
        let numbers: Samples.Numbers =
            switch rows.type {
            case .uint8: .uint8(bytes)
            case .float32: .float32(bytes.withUnsafeBytes { Array($0.bindMemory(to: Float.self)) })
            }
        return Samples(count: rows.count, size: rows.size, numbers: numbers, divisor: divisor)
    }
}
