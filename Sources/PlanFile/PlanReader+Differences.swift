package import RunProtocol
import Yams

extension PlanReader {
    /// Every key that differs between two plans' texts, both of which were read before.
    package static func differences(from earlier: String, to later: String) -> [PlanDifference] {
        let (before, after) = (values(of: earlier), values(of: later))
        return Set(before.keys).union(after.keys).sorted().filter { before[$0] != after[$0] }.map {
            PlanDifference(key: $0, before: before[$0], after: after[$0])
        }
    }

    /// Each key's value, as it is written.
    private static func values(of yaml: String) -> [String: String] {
        var values: [String: String] = [:]
        if let node = try? Yams.compose(yaml: yaml) { collect(node, "", into: &values) }
        return values
    }

    private static func collect(_ node: Node, _ path: String, into values: inout [String: String]) {
        switch node {
        case .mapping(let mapping):
            for (key, value) in mapping {
                collect(value, path.isEmpty ? key.string ?? "" : "\(path).\(key.string ?? "")", into: &values)
            }
        case .sequence(let sequence):
            for (index, value) in sequence.enumerated() { collect(value, "\(path)[\(index)]", into: &values) }
        case .scalar(let scalar): values[path] = scalar.string
        case .alias: break
        }
    }
}
