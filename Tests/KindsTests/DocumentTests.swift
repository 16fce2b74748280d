import Foundation
import Kinds
import RunProtocol
import Testing

/// docs/protocol.md says what the kinds of model say.
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
}
