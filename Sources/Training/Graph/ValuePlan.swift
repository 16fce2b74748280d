import RunProtocol

/// Where the values of a graph and their derivatives lie in memory, planned once for batches of a size: nothing is
/// allocated in a step.
///
/// A batch goes through in parts of `partSize` samples, one after the other in the same memory. Inputs, and what random
/// operations make of them, have all samples of the batch, each other value those of the part at hand. An operation that
/// can works in the place of its input, where nothing else reads that.
struct ValuePlan {
    let batchSize: Int
    let partSize: Int
    /// Of each value, for one sample.
    let shapes: [[Int]]
    let sizes: [Int]
    /// The value in whose place each lies: itself, or an earlier one.
    let places: [Int]
    /// Whether a value has all samples of a batch.
    let isWhole: [Bool]
    /// Whether the loss is derived by a value.
    let isDerived: [Bool]
    /// Where each value begins in the memory of values, and each derivative in theirs.
    let starts: [Int]
    let deltaStarts: [Int]
    let count: Int
    let deltaCount: Int
    /// Room for what a node adds to the derivatives of inputs that others read too.
    let sharedCount: Int

    /// - Parameters:
    ///   - trained: the parameters by which the loss is derived; none where nothing is trained.
    ///   - targets: the values that the loss reads, beside its output.
    init(
        _ graph: Graph, batchSize: Int, samplesAtOnce: Int?, trained: Set<Int>, targets: Set<Int>
    ) throws(GraphProblem) {
        let partSize = min(samplesAtOnce ?? batchSize, batchSize)
        (self.batchSize, self.partSize) = (batchSize, partSize)
        let shapes = try graph.shapes()
        let sizes = shapes.map { $0.reduce(1, *) }
        let readers = graph.nodes.flatMap(\.inputs).reduce(into: [Int](repeating: 0, count: graph.valueCount)) {
            $0[$1] += 1
        }
        var places = Array(graph.inputs.indices)
        var isWhole = places.map { _ in true }
        for (index, node) in graph.nodes.enumerated() {
            let (value, first) = (graph.inputs.count + index, node.inputs[0])
            let isInPlace = node.operation.canBeInPlace && readers[first] == 1 && !targets.contains(first)
            places.append(isInPlace ? places[first] : value)
            isWhole.append(node.operation.isRandom && isWhole[first])
        }
        let below = graph.parametersBelow
        let isDerived = below.map { !$0.isDisjoint(with: trained) }
        let own = (0..<graph.valueCount).map { places[$0] == $0 }
        func lay(_ isThere: (Int) -> Bool) -> (starts: [Int], count: Int) {
            var (starts, count): ([Int], Int) = ([], 0)
            for value in own.indices {
                let isNew = own[value] && isThere(value)
                starts.append(isNew || own[value] ? count : starts[places[value]])
                if isNew { count += sizes[value] * (isWhole[value] ? batchSize : partSize) }
            }
            return (starts, count)
        }
        (starts, count) = lay { _ in true }
        (deltaStarts, deltaCount) = lay { isDerived[$0] }
        sharedCount =
            graph.nodes.map { node in
                node.inputs.reduce(0) { $0 + (readers[$1] > 1 && isDerived[$1] ? sizes[$1] * partSize : 0) }
            }.max() ?? 0
        (self.shapes, self.sizes, self.places) = (shapes, sizes, places)
        (self.isWhole, self.isDerived) = (isWhole, isDerived)
    }

    /// The memory of values and derivatives, in bytes.
    var bytes: Int { (count + deltaCount + sharedCount) * 4 }

    /// How many samples at a time a node's kernel has to do with.
    func capacity(of value: Int) -> Int { isWhole[value] ? batchSize : partSize }
}
