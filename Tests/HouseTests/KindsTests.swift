import Foundation
import Testing

/// What decides, stores, averages, sends and shows works on stages, tasks, blobs, metrics and tables: it knows no kind of
/// model.
@Suite struct KindsTests {
    private static let targets = [
        "Averaging", "CDashboard", "Chaos", "Coordination", "CoordinatorClient", "CoordinatorRuntime",
        "CoordinatorServer",
        "DataFormats", "EventFiles", "PlanFile", "PrometheusMetrics", "RunStore", "Simulation", "TerminalViews",
        "UpdateFiles", "WorkerRuntime",
    ]
    /// What computes and describes tasks has the field's words for objectives and measures, but none for models.
    private static let computing = ["ModelFormat", "Pictures", "RunProtocol", "TensorCore", "Training"]

    private static let models = [
        "autoencoder", "classifier", "finetun", "fine-tun", "fine_tun", "pretraining", "segmentation", "anomal",
    ]
    private static let objectives = ["confusion", "pseudo", "reconstruct", "softmax"]

    @Test func whatIsGeneralKnowsNoKindOfModel() {
        let found =
            mentions(of: Self.models + Self.objectives, in: Self.targets)
            + mentions(of: Self.models, in: Self.computing)
        #expect(
            found == [], "say it of stages, tasks and metrics; what belongs to a kind of model goes to Sources/Kinds")
    }

    private func mentions(of words: [String], in targets: [String]) -> [String] {
        let files = SourceTree.files(
            below: targets.map { "Sources/\($0)" }, endingIn: [".swift", ".js", ".css", ".html", ".c", ".h"])
        #expect(Set(files.map { $0.path.split(separator: "/")[1] }).count == targets.count)
        return files.flatMap { file in
            file.lines.indices.filter { index in
                let line = file.lines[index].lowercased()
                return words.contains { line.contains($0) }
            }.map { "\(file.path):\($0 + 1): \(file.lines[$0])" }
        }
    }
}
