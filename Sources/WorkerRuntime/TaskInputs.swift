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

    private func localCopy(_ blob: Digest) throws -> String {
        try connection.localCopy(of: blob, in: folder, progress: whenFetching)
    }

    /// The values where they lie: the blob's file is mapped, so that it need not fit into memory.
    func samples(_ field: Field, count: Int) throws -> Samples {
        guard case .values(_, let preprocessing) = field.content, let size = field.size else {
            throw APIError(.invalidData, "the field \(field.name) has classes, not values")
        }
        let path = try localCopy(field.digest)
        let mapped = try MappedSamples(path)
        guard mapped.count == count, mapped.size == size else {
            throw DataError(
                .wrongShape, at: path, "has \(mapped.count) samples of \(mapped.size), not \(count) of \(size)")
        }
        let type: Samples.ElementType = mapped.type == .uint8 ? .uint8 : .float32
        let numbers = ForeignNumbers(type, mapped.file, from: mapped.offset)
        return Samples(count: count, size: size, numbers: .foreign(numbers), divisor: preprocessing.divisor)
    }

    /// What a graph reads of some samples.
    ///
    /// - Parameters:
    ///   - cut: what makes codes of one of the fields.
    ///   - field: whose classes are wanted; nil for none.
    func data(
        _ set: FieldSet, _ graph: Graph, _ cut: Cut?, classes field: String? = nil, isCancelled: () -> Bool
    ) throws -> TaskData {
        let values = try graph.inputs.map { input in
            guard let own = set[input.field] else {
                throw APIError(.invalidData, "the task's samples have no field \(input.field)")
            }
            guard let cut, cut.field == input.field else { return try samples(own, count: set.count) }
            return try codes(of: own, count: set.count, cut, isCancelled: isCancelled)
        }
        let classes = try field.map { try self.classes(of: $0, in: set) }
        return TaskData(values, classes: classes ?? [])
    }

    private func classes(of name: String, in set: FieldSet) throws -> [Int32] {
        guard let field = set[name], case .classes(let count) = field.content else {
            throw APIError(.invalidData, "the task's samples have no classes called \(name)")
        }
        let labels = try SampleFile.storedLabels(try localCopy(field.digest))
        guard labels.count == set.count, labels.allSatisfy({ (0..<Int32(count)).contains($0) }) else {
            throw APIError(.invalidData, "the task's labels do not belong to its samples")
        }
        return labels
    }

    /// A field's values as a cut makes codes of them.
    private func codes(of field: Field, count: Int, _ cut: Cut, isCancelled: () -> Bool) throws -> Samples {
        let origin = CodeOrigin(field: field, count: count, cut: cut)
        let size = try cut.graph.shapes().last?.reduce(1, *) ?? 0
        return try cache.codes(try origin.digest(), count: count, size: size) { append in
            try TaskFunctions.codes(
                of: TaskData([try samples(field, count: count)]), graph: cut.graph,
                weights: try weights(cut.weights, cut.graph.parameters), isCancelled: isCancelled, append)
        }
    }
}

/// All that codes depend on, the program and the processor among it: a folder of codes may outlive the one and be shared
/// by different ones of the other.
private struct CodeOrigin: Encodable {
    var field: Field
    var count: Int
    var cut: Cut
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
