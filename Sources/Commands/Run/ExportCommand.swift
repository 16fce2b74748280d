import ArgumentParser
import CoordinatorClient
import DataFormats
import FoundationEssentials
import RunProtocol

/// `cairn export`
struct ExportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Write a finished run's weights as safetensors.",
        discussion: """
            The network's description stands in the file's metadata. The file depends on the plan and the data alone: \
            the same plan gives the same bytes.

            Where --output is a folder, all that the run has goes there: weights.safetensors, classifier.safetensors where \
            the plan has fine_tuning, and summary.json with the run's figures.
            """)

    /// What `--json` prints.
    private struct Report: Encodable {
        var part: ExportDescription.Part
        var output: String
        var sha256: Digest
        var bytes: Int
    }

    @OptionGroup var target: RunArgument
    @OptionGroup var connection: ConnectionOptions
    @Option(name: .shortAndLong, help: "The file to write, or a folder that is there.") var output: String
    @Option(help: "pretrained (encoders and decoders) or fine-tuned (the first draw's classifier).")
    var part = ExportPart.pretrained
    @Flag(help: "Print JSON.") var json = false

    func run() throws {
        let connection = try connection.connect()
        let id = try target.find(connection)
        if OutputFolder.isThere(output) {
            let status = try connection.status(of: id)
            // Says what is missing where the run has not finished.
            _ = try connection.export(.pretrained, of: id)
            try OutputFolder.writeResults(of: status, to: output, json: json) { export, path in
                try connection.download(export.digest, to: path)
            }
            return
        }
        let part = part.part
        let export = try connection.export(part, of: id)
        try connection.download(export.digest, to: output)
        guard !json else {
            try JSONOutput.print(Report(part: part, output: output, sha256: export.digest, bytes: export.bytes))
            return
        }
        print("wrote \(output): \(export.bytes) bytes, SHA-256 \(export.digest)")
    }
}

/// What can be exported.
enum ExportPart: String, CaseIterable, ExpressibleByArgument {
    case pretrained
    case fineTuned = "fine-tuned"

    var part: ExportDescription.Part { self == .pretrained ? .pretrained : .fineTuned }
}
