import RandomNumbers
import RunProtocol
import TensorCore
import Testing
import Training

/// Graphs that are no chain: several inputs, values that several nodes read, weights that several nodes have.
@Suite struct GraphTests {
    struct Case: CustomTestStringConvertible {
        var testDescription: String
        var graph: Graph
    }

    private static func dense(_ units: Int) -> RunProtocol.Operation {
        .linear(.dense(shape: [units], isTransposed: false), activation: .tanh)
    }

    private static func convolution(_ channels: Int, kernel: Int = 3) -> RunProtocol.Operation {
        .linear(.convolution(channels: channels, kernel: kernel, stride: 1), activation: .tanh)
    }

    /// Two fields into one node, and a value that two others read.
    private static let twoFields: Graph = {
        var graph = Graph(
            inputs: [.init(field: "x", shape: [5]), .init(field: "y", shape: [3])],
            parameters: [
                .weight("x.weight", [5, 4]), .weight("y.weight", [3, 4]), .bias("bias", 4),
                .weight("left.weight", [4, 2]), .bias("left.bias", 2), .weight("right.weight", [4, 3]),
                .bias("right.bias", 3), .weight("out.weight", [5, 5]), .bias("out.bias", 5),
            ])
        let both = graph.append("both", dense(4), of: [0, 1], parameters: [0, 1, 2])
        let left = graph.append("left", dense(2), of: [both], parameters: [3, 4])
        let right = graph.append("right", dense(3), of: [both], parameters: [5, 6])
        let beside = graph.append("beside", .concatenate, of: [left, right])
        graph.append("out", dense(5), of: [beside], parameters: [7, 8])
        return graph
    }()

    /// A convolution, pooled and brought back, with a skip around that: a weight for each of the last one's inputs.
    private static let skip: Graph = {
        var graph = Graph(
            inputs: [.init(field: "x", shape: [4, 6, 2])],
            parameters: [
                .weight("down.weight", [3, 2, 3, 3]), .bias("down.bias", 3), .weight("middle.weight", [4, 3, 3, 3]),
                .bias("middle.bias", 4), .weight("up.weight", [2, 4, 3, 3]), .weight("skip.weight", [2, 3, 3, 3]),
                .bias("up.bias", 2),
            ])
        let down = graph.append("down", convolution(3), of: [0], parameters: [0, 1])
        let pooled = graph.append("pooled", .maxPool(window: 2), of: [down])
        let middle = graph.append("middle", convolution(4), of: [pooled], parameters: [2, 3])
        let large = graph.append("large", .upsample(factor: 2, height: 4, width: 6), of: [middle])
        graph.append("up", convolution(2), of: [large, down], parameters: [4, 5, 6])
        return graph
    }()

    /// One encoder for two inputs, activations of their own, and a node that reads both and what they come from.
    private static let siamese: Graph = {
        var graph = Graph(
            inputs: [.init(field: "x", shape: [4]), .init(field: "y", shape: [4])],
            parameters: [
                .weight("weight", [4, 3]), .bias("bias", 3), .weight("a", [3, 4]), .weight("b", [3, 4]),
                .weight("c", [3, 4]), .bias("out.bias", 4),
            ])
        let linear = RunProtocol.Operation.linear(.dense(shape: [3], isTransposed: false), activation: .linear)
        let one = graph.append("one", linear, of: [0], parameters: [0, 1])
        let other = graph.append("other", linear, of: [1], parameters: [0, 1])
        let bent = graph.append("bent", .activate(.sigmoid), of: [one])
        graph.append(
            "out", .linear(.dense(shape: [4], isTransposed: false), activation: .tanh), of: [bent, other, one],
            parameters: [2, 3, 4, 5])
        return graph
    }()

    static let cases = [
        Case(testDescription: "two fields", graph: twoFields), Case(testDescription: "skip", graph: skip),
        Case(testDescription: "siamese", graph: siamese),
    ]

    private static func values(_ count: Int, seed: UInt64) -> [Float] {
        var random = Philox(key: seed, stream: 0)
        return (0..<count).map { _ in random.nextUnit() }
    }

    @Test(arguments: cases, [3, 1]) func gradientsAreThoseOfFiniteDifferences(
        example: Case, samplesAtOnce: Int
    ) throws {
        Engine.useOneThread()
        let (graph, count) = (example.graph, 3)
        let output = graph.valueCount - 1
        let objective = Objective(.reconstruction(.meanSquaredError, target: 0), of: output)
        let shapes = try graph.shapes()
        try objective.check(in: graph, shapes: shapes) { _ in nil }
        let executor = try GraphExecutor(
            graph, weights: graph.parameters.initialValues(seed: 3).map { $0 + 0.05 }, batchSize: count,
            samplesAtOnce: samplesAtOnce, trained: Set(graph.parameters.indices), objective: objective)
        func loss() -> Double {
            for index in graph.inputs.indices {
                let size = count * shapes[index].reduce(1, *)
                executor.input(index).update(from: Self.values(size, seed: UInt64(index)), count: size)
            }
            executor.beginBatch(count: count)
            return executor.computeGradient(count: count, LossContext(objective: objective))
        }
        _ = loss()
        expectFiniteDifferences(executor.gradient.values, at: executor.weights) { loss() / Double(count) }
    }

    /// What is not trained has no gradient, and that of the rest is the same.
    @Test(arguments: cases) func partsCanBeFrozen(example: Case) throws {
        Engine.useOneThread()
        let graph = example.graph
        let objective = Objective(.reconstruction(.meanSquaredError, target: 0), of: graph.valueCount - 1)
        let start = graph.parameters.initialValues(seed: 5)
        let shapes = try graph.shapes()
        func gradient(_ trained: Set<Int>) throws -> [Float] {
            let executor = try GraphExecutor(
                graph, weights: start, batchSize: 2, trained: trained, objective: objective)
            for index in graph.inputs.indices {
                let size = 2 * shapes[index].reduce(1, *)
                executor.input(index).update(from: Self.values(size, seed: UInt64(index)), count: size)
            }
            executor.beginBatch(count: 2)
            _ = executor.computeGradient(count: 2, LossContext(objective: objective))
            return executor.gradient.values
        }
        let whole = try gradient(Set(graph.parameters.indices))
        for parameter in graph.parameters.indices {
            let range = graph.parameterStarts[parameter]..<graph.parameterStarts[parameter + 1]
            #expect(try gradient([parameter])[range] == whole[range], "\(graph.parameters[parameter].name)")
        }
    }

    /// A convolution over two inputs is one over their channels beside each other.
    @Test func aWeightForEachInputIsAConcatenation() throws {
        Engine.useOneThread()
        let inputs: [Graph.Input] = [.init(field: "x", shape: [4, 4, 2]), .init(field: "y", shape: [4, 4, 1])]
        var apart = Graph(
            inputs: inputs,
            parameters: [.weight("x", [2, 2, 3, 3]), .weight("y", [2, 1, 3, 3]), .bias("bias", 2)])
        apart.append("out", Self.convolution(2), of: [0, 1], parameters: [0, 1, 2])
        var beside = Graph(inputs: inputs, parameters: [.weight("xy", [2, 3, 3, 3]), .bias("bias", 2)])
        let both = beside.append("both", .concatenate, of: [0, 1])
        beside.append("out", Self.convolution(2), of: [both], parameters: [0, 1])

        let (x, y) = (Self.values(2 * 2 * 9, seed: 1), Self.values(2 * 9, seed: 2))
        let joined: [Float] = Array(x[..<18]) + Array(y[..<9]) + Array(x[18...]) + Array(y[9...])
        func output(_ graph: Graph, _ weights: [Float]) throws -> [Float] {
            let set = FieldSet(count: 3, fields: [])
            let data = TaskData([
                Samples(count: 3, size: 32, numbers: .float32(Self.values(96, seed: 3)), divisor: 1),
                Samples(count: 3, size: 16, numbers: .float32(Self.values(48, seed: 4)), divisor: 1),
            ])
            return try TaskFunctions.encode(
                EncodeWork(graph: graph, weights: TaskTests.digest, data: set), weights: weights, data: data,
                isCancelled: { false }
            ).vector
        }
        let one = try output(apart, x + y + [0.1, -0.2])
        let other = try output(beside, joined + [0.1, -0.2])
        #expect(one.count == 3 * 4 * 4 * 2)
        for (left, right) in zip(one, other) { #expect((left - right).magnitude < 1e-6) }
    }

    /// A product forward, one for each weight, one for each input that depends on weights.
    @Test(arguments: cases) func operationsAreCounted(example: Case) {
        let graph = example.graph
        let all = Set(graph.parameters.indices)
        #expect(graph.operations > 0)
        #expect(graph.trainingOperations(trained: []) == graph.operations)
        #expect(graph.trainingOperations(trained: all) > 2 * graph.operations)
        #expect(graph.trainingOperations(trained: all) < 3 * graph.operations)
    }
}
