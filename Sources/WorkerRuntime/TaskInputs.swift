package import DataFormats
import FoundationEssentials
import ModelFormat
import RunProtocol
package import Training

/// Brings a task's blobs into memory.
struct TaskInputs {
    let connection: any WorkerConnection
    /// Where downloads are kept.
    let folder: String
    let cache: SampleCache

    private func bytes(_ digest: Digest) throws -> (bytes: [UInt8], path: String) {
        let path = try connection.localCopy(of: digest, in: folder)
        return (try FileBytes.read(path), path)
    }

    func weights(_ digest: Digest, _ parameters: [ParameterSpec]) throws -> [Float] {
        let (bytes, path) = try bytes(digest)
        return try WeightsBlob.decode(bytes, parameters, path: path)
    }

    func labels(_ digest: Digest) throws -> [Int32] {
        try SampleFile.labels(try connection.localCopy(of: digest, in: folder))
    }

    func samples(_ set: SampleSet) throws -> Samples {
        try cache.samples("\(set.digest) \(set.divisor)") {
            let path = try connection.localCopy(of: set.digest, in: folder)
            let table = try SampleFile.samples(path)
            guard table.count == set.count, table.size == set.size else {
                throw DataError(
                    .wrongShape, at: path,
                    "has \(table.count) samples of \(table.size), not \(set.count) of \(set.size)")
            }
            return Samples(table, divisor: set.divisor)
        }
    }

    /// The samples as the first `layerCount` layers encode them.
    func codes(
        _ set: SampleSet, network: NetworkSpec, layerCount: Int, frozen: Digest?, isCancelled: () -> Bool
    ) throws -> Samples {
        guard layerCount > 0, let frozen else { return try samples(set) }
        return try cache.samples("\(set.digest) \(set.divisor) \(frozen)") {
            let weights = try weights(frozen, network.stackParameters(count: layerCount))
            return try TaskFunctions.encode(
                try samples(set), network: network, layerCount: layerCount, weights: weights, isCancelled: isCancelled)
        }
    }
}

extension Samples {
    /// A file's samples, to be divided by `divisor`.
    package init(_ table: SampleTable, divisor: Double) {
        let numbers: Numbers =
            switch table.numbers {
            case .uint8(let values): .uint8(values)
            case .float32(let values): .float32(values)
            }
        self.init(count: table.count, size: table.size, numbers: numbers, divisor: divisor)
    }
}
