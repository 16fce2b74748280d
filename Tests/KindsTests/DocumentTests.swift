import CoordinatorRuntime
import CoordinatorServer
import Foundation
import Kinds
import PrometheusMetrics
import RunProtocol
import Testing

/// Documents say what the kinds of model say.
@Suite struct DocumentTests {
    private static let document = try? String(
        contentsOf: URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "docs/protocol.md"), encoding: .utf8)

    @Test func everyFigureOfAnUpdateIsNamed() throws {
        let metrics = StageCompiler.standard.outputs.flatMap(\.metrics)
        var names = metrics.map(\.resultKey)
        names += StageCompiler.standard.outputs.flatMap(\.tables).map(\.name) + ["validationErrors", "pseudoLabels"]
        names += StageCompiler.standard.outputs.flatMap(\.series).map(\.resultKey)
        for name in names + ["samples", "seconds", "preparationSeconds"] {
            #expect(try #require(Self.document).contains("`\(name)`"), "\(name)")
        }
    }

    /// The table in docs/watching.md has a line for each metric, as it is described in the program.
    @Test func theDocumentationListsEveryMetric() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let document = try String(contentsOf: root.appending(path: "docs/watching.md"), encoding: .utf8)
        for description in CoordinatorMetrics.descriptions(of: StageCompiler.standard.outputs) {
            #expect(description.help.hasSuffix("."), "\(description.name)")
            #expect(description.name.hasSuffix("_total") == (description.kind == .counter), "\(description.name)")
        }
        let listed = document.split(separator: "\n").filter { $0.hasPrefix("| `cairn_") || $0.hasPrefix("| `process_") }
        let metrics = (CoordinatorMetrics.descriptions(of: StageCompiler.standard.outputs) + ServerMetrics.descriptions)
            .sorted { $0.name < $1.name }
        let described = metrics.map { metric in
            let labels = metric.labels.map { "`\($0)`" }.joined(separator: ", ")
            return "| `\(metric.name)` | \(metric.kind.rawValue) | \(labels) | \(metric.help) |"
        }
        #expect(listed.map(String.init) == described, "\n\(described.joined(separator: "\n"))")
    }
}
