package import DataFormats
import FoundationEssentials
import ModelFormat
import RunProtocol
import TensorCore
package import Training

/// Brings a task's blobs into memory.
struct TaskInputs {
    let connection: any WorkerConnection
    /// Where downloads are kept.
    let folder: String
    let cache: CodeCache
    /// Is told how many bytes of a blob are there, while it is downloaded.
    var whenFetching: @Sendable (Int) -> Void = { _ in }

    func weights(_ digest: Digest, _ parameters: [ParameterSpec]) throws -> [Float] {
        try WeightsBlob.read(try localCopy(digest), parameters)
    }

    func labels(_ digest: Digest) throws -> [Int32] {
        try SampleFile.storedLabels(try localCopy(digest))
    }

    private func localCopy(_ blob: Digest) throws -> String {
        try connection.localCopy(of: blob, in: folder, progress: whenFetching)
    }

    /// The samples where they lie: the blob's file is mapped, so that it need not fit into memory.
    func samples(_ set: SampleSet) throws -> Samples {
        let path = try localCopy(set.digest)
        let mapped = try MappedSamples(path)
        guard mapped.count == set.count, mapped.size == set.size else {
            throw DataError(
                .wrongShape, at: path,
                "has \(mapped.count) samples of \(mapped.size), not \(set.count) of \(set.size)")
        }
        let type: Samples.ElementType = mapped.type == .uint8 ? .uint8 : .float32
        let numbers = ForeignNumbers(type, mapped.file, from: mapped.offset)
        return Samples(count: set.count, size: set.size, numbers: .foreign(numbers), divisor: set.divisor)
    }

    /// The samples as the first `layerCount` layers encode them.
    func codes(
        _ set: SampleSet, network: NetworkSpec, layerCount: Int, frozen: Digest?, isCancelled: () -> Bool
    ) throws -> Samples {
        guard layerCount > 0, let frozen else { return try samples(set) }
        let layers = NetworkSpec(
            inputSize: network.inputSize, image: network.image, layers: Array(network.layers.prefix(layerCount)))
        let origin = CodeOrigin(samples: set, network: layers, weights: frozen)
        let size = network.inputSize(ofLayer: layerCount)
        return try cache.codes(try origin.digest(), count: set.count, size: size) { append in
            let weights = try weights(frozen, network.stackParameters(count: layerCount))
            try TaskFunctions.encode(
                try samples(set), network: network, layerCount: layerCount, weights: weights,
                isCancelled: isCancelled, append)
        }
    }
}

/// All that codes depend on, the program and the processor among it: a folder of codes may outlive the one and be shared
/// by different ones of the other.
private struct CodeOrigin: Encodable {
    var samples: SampleSet
    var network: NetworkSpec
    var weights: Digest
    var version = ProtocolVersion.current
    var engine = "\(Engine.instructionSet) oneDNN \(Engine.oneDNNVersion)"

    func digest() throws -> Digest {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        return Digest(of: try encoder.encode(self))
    }
}

extension ForeignNumbers {
    /// All that is in `file` from byte `offset` on, which will be wanted soon.
    init(_ type: Samples.ElementType, _ file: MappedFile, from offset: Int) {
        file.expectUse()
        let bytes = UnsafeRawBufferPointer(rebasing: file.bytes.buffer[offset...])
        self.init(type, bytes, owner: file, isFetchedByRow: !MappedFile.fitsMemory(bytes.count))
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

    /// The feature with the largest number of all samples, and how large that is; nil where nothing is finite.
    var largestFeature: (index: Int, magnitude: Double)? {
        var largest: (index: Int, magnitude: Double)?
        for index in 0..<count {
            for (feature, value) in sample(index).enumerated()
            where value.isFinite && Double(value.magnitude) > largest?.magnitude ?? -1 {
                largest = (feature, Double(value.magnitude))
            }
        }
        return largest
    }
}
