/// A network as a graph: operations on values, in the order in which they are computed.
///
/// Values are numbered: the inputs first, then each node's result. A value holds a row of numbers for each sample; its
/// shape is that of one sample, (units) or (height, width, channels). The same description is in a task, in the metadata
/// of an exported file and on the dashboard.
package struct Graph: Codable, Hashable, Sendable {
    /// What goes in: a field of the data.
    package struct Input: Codable, Hashable, Sendable {
        package var field: String
        package var shape: [Int]

        package init(field: String, shape: [Int]) { (self.field, self.shape) = (field, shape) }
    }

    /// One operation.
    package struct Node: Codable, Hashable, Sendable {
        package var name: String
        package var operation: Operation
        /// The values that it reads; each is an input's or an earlier node's.
        package var inputs: [Int]
        /// Which of the graph's parameters it has: of a linear node a weight for each input, then the bias.
        package var parameters: [Int]
    }

    package var inputs: [Input]
    package var nodes: [Node]
    /// All weights, in the order in which they lie one after the other. Several nodes may have the same one.
    package var parameters: [ParameterSpec]

    package init(inputs: [Input], nodes: [Node] = [], parameters: [ParameterSpec] = []) {
        (self.inputs, self.nodes, self.parameters) = (inputs, nodes, parameters)
    }

    /// How many values there are.
    package var valueCount: Int { inputs.count + nodes.count }

    /// The node that computes a value; nil for an input.
    package func node(of value: Int) -> Node? { value < inputs.count ? nil : nodes[value - inputs.count] }

    /// Adds a node.
    /// - Returns: the number of its value.
    @discardableResult package mutating func append(
        _ name: String, _ operation: Operation, of inputs: [Int], parameters: [Int] = []
    ) -> Int {
        nodes.append(Node(name: name, operation: operation, inputs: inputs, parameters: parameters))
        return valueCount - 1
    }

    /// Where each parameter begins in the flat list, and where the last one ends.
    package var parameterStarts: [Int] { parameters.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1.count) } }

    /// For each value the parameters that it depends on.
    package var parametersBelow: [Set<Int>] {
        var below = [Set<Int>](repeating: [], count: inputs.count)
        for node in nodes {
            below.append(node.inputs.reduce(into: Set(node.parameters)) { $0.formUnion(below[$1]) })
        }
        return below
    }
}
