import Foundation
import Testing

/// What decides, stores, averages, sends and shows works on stages, tasks, blobs, metrics and tables: it knows no kind of
/// model.
@Suite struct KindsTests {
    private static let targets = [
        "Averaging", "Coordination", "CoordinatorClient", "CoordinatorServer", "EventFiles", "PrometheusMetrics",
        "RunStore",
        "TerminalViews", "UpdateFiles", "WorkerRuntime",
    ]

    private static let words = [
        "autoencoder", "classifier", "confusion", "finetun", "fine-tun", "fine_tun", "pretraining", "pseudo",
        "reconstruct",
        "softmax", "segmentation", "anomal",
    ]

    @Test func whatIsGeneralKnowsNoKindOfModel() {
        let files = SourceTree.files(below: Self.targets.map { "Sources/\($0)" }, endingIn: [".swift"])
        #expect(files.count > 50)
        let found = files.flatMap { file in
            file.lines.indices.filter { index in
                let line = file.lines[index].lowercased()
                return Self.words.contains { line.contains($0) }
            }.map { "\(file.path):\($0 + 1): \(file.lines[$0])" }
        }
        #expect(
            found == [], "say it of stages, tasks and metrics; what belongs to a kind of model goes to Sources/Kinds")
    }
}
