import ArgumentParser
import CoordinatorClient
import DataFormats
import EventFiles
import RunProtocol

struct ExportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export", abstract: "Write a finished run's weights as safetensors, or codes as NPY.",
        discussion: """
            The network's description stands in the file's metadata. The file depends on the plan and the data alone: \
            the same plan gives the same bytes.

            Where --output is a folder, all that the run has goes there: weights.safetensors, classifier.safetensors where \
            the plan has fine_tuning, an NPY file for each of its outputs, and summary.json with the run's figures.

            --tensorboard writes the run's curves so far instead, or besides: to FOLDER/RUN, so that several runs can \
            lie in one folder. Given again, it adds what came in meanwhile, and a TensorBoard that is running shows it.
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
    @Option(name: .shortAndLong, help: "The file to write, or a folder that is there.") var output: String?
    @Option(help: "A folder for the run's curves as an event file for TensorBoard; made if it is not there.")
    var tensorboard: String?
    @Option(
        help: """
            pretrained (encoders and decoders), fine-tuned (the first trial's classifier), or an output's name. \
            [default: the run's first, pretrained]
            """)
    var part: ExportDescription.Part?
    @Flag(help: "Show no progress.") var quiet = false
    @Flag(help: "Print JSON.") var json = false

    func validate() throws {
        guard output != nil || tensorboard != nil else { throw ValidationError("Missing --output or --tensorboard.") }
    }

    func run() throws {
        let connection = try connection.connect(isQuiet: quiet)
        let id = try target.find(connection)
        if let tensorboard {
            let file = EventFile(try connection.status(of: id))
            let folder = "\(tensorboard)/\(id)"
            try OutputFolder.make(folder)
            let path = try file.write(in: folder)
            if !json { say("wrote \(path)") }
        }
        if let output { try export(id, to: output, from: connection) }
    }

    private func export(_ id: RunID, to output: String, from connection: HTTPConnection) throws {
        let status = try connection.status(of: id)
        guard let part = part ?? status.exports.first?.part else { throw APIError.hasNotFinished(id) }
        let export = try connection.export(part, of: id)
        if OutputFolder.isThere(output) {
            try OutputFolder.writeResults(of: status, to: output, json: json) { export, path in
                try download(export, to: path, from: connection)
            }
            return
        }
        try download(export, to: output, from: connection)
        guard !json else {
            return try JSONOutput.print(
                Report(part: export.part, output: output, sha256: export.digest, bytes: export.bytes))
        }
        say("wrote \(output): \(export.bytes) bytes, SHA-256 \(export.digest)")
    }

    private func download(_ export: ExportDescription, to path: String, from connection: HTTPConnection) throws {
        let progress = WorkProgress(export.part.rawValue, unit: "bytes", isQuiet: quiet)
        defer { progress.end() }
        try connection.download(export.digest, to: path) { progress.reach($0, of: export.bytes) }
    }
}

extension ExportDescription.Part: ExpressibleByArgument {
    package init?(argument: String) { self.init(rawValue: argument) }
}
