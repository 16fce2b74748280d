/// What a task's graph and objective read of some samples.
package struct TaskData: Sendable {
    /// The values of each of the graph's inputs.
    package let inputs: [Samples]
    /// The class of each sample, from 0; empty where they have none.
    package let classes: [Int32]

    package init(_ inputs: [Samples], classes: [Int32] = []) {
        precondition(inputs.allSatisfy { $0.count == inputs[0].count }, "rows of all fields belong together")
        precondition(classes.isEmpty || classes.count == inputs[0].count, "each sample has a class")
        (self.inputs, self.classes) = (inputs, classes)
    }

    package var count: Int { inputs[0].count }

    /// Writes the samples `order` to the inputs' places.
    func gather(_ order: ArraySlice<Int32>, into executor: GraphExecutor, at first: Int = 0) {
        for (index, samples) in inputs.enumerated() {
            samples.gather(order, into: executor.input(index) + first * samples.size)
        }
    }
}
