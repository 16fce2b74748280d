import DataFormats
import FoundationEssentials
import ModelFormat
import RunProtocol
import TensorCore
import Training

/// Performs one task: fetches what it reads, computes, and times both.
struct TaskRunner {
    private var inputs: TaskInputs
    private let memory: MemoryBudget

    init(inputs: TaskInputs, memory: MemoryBudget) { (self.inputs, self.memory) = (inputs, memory) }

    /// Does `body`, which performs `task` and sends the result, once there is memory for both.
    /// - Throws: `MemoryShortage` whenever the task takes more than there can be.
    func withMemory<Result>(
        for task: TaskDescription, isCancelled: () -> Bool, _ body: () throws -> Result
    ) throws -> Result {
        try task.check()
        let mapped = AvailableMemory.addressLimit == nil ? 0 : task.work.mappedMemory
        return try memory.withMemory(
            try task.work.memory + mapped, cached: { inputs.cache.bytes }, shrinkCaches: inputs.cache.shrink,
            whileWaiting: { if isCancelled() { throw TaskCancelled() } }, body)
    }

    /// - Parameter isCancelled: is asked at every step and told how much of the task is done, 0 ... 1, or nil while what the
    ///   task reads is being fetched and encoded.
    /// - Throws: `TaskCancelled` when `isCancelled` says so; `ConnectionError`, `APIError` or `DataError` whenever an
    ///   input cannot be had.
    func perform(
        _ task: TaskDescription, isCancelled: @escaping @Sendable (_ share: Double?) -> Bool
    ) throws -> TaskResult {
        var (steps, preparation): (Int, Duration?) = (0, nil)
        let (total, start) = (task.work.steps, ContinuousClock.now)
        var runner = self
        runner.inputs.whenFetching = { _ in _ = isCancelled(nil) }
        var result = try runner.perform(task, whenFetched: { preparation = ContinuousClock.now - start }) {
            guard preparation != nil else { return isCancelled(nil) }
            steps += 1
            return isCancelled(min(Double(steps) / total, 1))
        }
        result.figures.preparationSeconds = preparation.map { $0 / .seconds(1) }
        return result
    }

    private func perform(
        _ task: TaskDescription, whenFetched: () -> Void, isCancelled: () -> Bool
    ) throws -> TaskResult {
        switch task.work {
        case .train(let work):
            let parameters = Array(work.graph.parameters.prefix(work.start?.count ?? 0))
            let given = try work.start.map { try inputs.weights($0.digest, parameters) } ?? []
            let data = try inputs.data(
                work.data, work.graph, work.cut, classes: work.objective.field, isCancelled: isCancelled)
            let unlabeled = try work.unlabeled.map {
                try inputs.data($0, work.graph, work.cut, isCancelled: isCancelled)
            }
            return try timed(whenFetched) {
                try TaskFunctions.train(
                    work, given: given, data: data, unlabeled: unlabeled, isCancelled: isCancelled)
            }
        case .evaluate(let work):
            let weights = try inputs.weights(work.weights, work.graph.parameters)
            let data = try inputs.data(
                work.data, work.graph, work.cut, classes: work.field, isCancelled: isCancelled)
            return try timed(whenFetched) {
                try TaskFunctions.evaluate(work, weights: weights, data: data, isCancelled: isCancelled)
            }
        case .fit(let work):
            let weights = try inputs.weights(work.weights, work.graph.parameters)
            let sets = try work.sets.map { try inputs.data($0, work.graph, nil, isCancelled: isCancelled) }
            return try timed(whenFetched) {
                try TaskFunctions.fit(work, weights: weights, sets: sets, isCancelled: isCancelled)
            }
        case .encode(let work):
            let weights = try inputs.weights(work.weights, work.graph.parameters)
            let data = try inputs.data(work.data, work.graph, nil, isCancelled: isCancelled)
            return try timed(whenFetched) {
                try TaskFunctions.encode(work, weights: weights, data: data, isCancelled: isCancelled)
            }
        }
    }

    /// What grew out of range, and which of the task's features has the largest numbers: that is often why.
    func explain(_ what: String, _ value: String, _ task: TaskDescription) -> Divergence {
        var divergence = Divergence(what: what, value: value)
        let data = task.work.data
        if let field = data[Field.samples] ?? data.fields.first,
            let (feature, magnitude) = try? inputs.samples(field, count: data.count).largestFeature
        {
            (divergence.feature, divergence.magnitude) = (feature, magnitude)
        }
        return divergence
    }

    private func timed(_ whenFetched: () -> Void, _ work: () throws -> TaskResult) throws -> TaskResult {
        whenFetched()
        let start = ContinuousClock.now
        var result = try work()
        result.figures.seconds = (ContinuousClock.now - start) / .seconds(1)
        return result
    }
}

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
