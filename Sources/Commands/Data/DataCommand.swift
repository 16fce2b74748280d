import ArgumentParser
import DataFormats
import PrintableText

struct DataInspectCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inspect", abstract: "Read a file or folder of samples whole, and say what is in it.",
        discussion: """
            IDX, NPY and CSV files, gzipped or not, and folders of PNG and JPEG pictures. Exits with 1 and one line \
            where something in it cannot be read.
            """)

    @Argument(help: "The file or folder.") var path: String
    @OptionGroup var reading: ReadingArguments
    @Flag(help: "Show no progress.") var quiet = false
    @Flag(help: "Print JSON.") var json = false

    func run() throws {
        let progress = WorkProgress("reading", unit: "pictures", isQuiet: quiet)
        defer { progress.end() }
        let description = try SampleFile.describe(
            path, labelColumn: reading.labelColumn, reading.options(), progress: progress.reach)
        progress.end()
        guard !json else { return try JSONOutput.print(description) }
        let packed = description.isGzipped ? ", gzipped" : ""
        say("format   \(description.format)\(packed), \(description.bytesOnDisk) bytes on disk")
        say("samples  \(description.samples)")
        say("shape    \(description.sampleShape.isEmpty ? "one number" : "\(description.sampleShape)")")
        say("type     \(description.elementType)")
        say("range    \(description.minimum) to \(description.maximum), mean \(Float(description.mean))")
        if let columns = description.columns { say("columns  \(list(columns.map { $0.printable() }))") }
        for remark in description.remarks ?? [] { say("remark   \(remark)") }
        guard let classes = description.classes else { return }
        say("classes  \(classes.count)")
        for entry in classes { say("  \(entry.name): \(entry.count)") }
    }

    /// The first and the last names of many.
    private func list(_ names: [String]) -> String {
        names.count <= 8
            ? names.joined(separator: ", ")
            : (names.prefix(4) + ["... (\(names.count) in all) ..."] + names.suffix(3)).joined(separator: ", ")
    }
}

struct DataCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "data", abstract: "Look at files of samples and labels.", subcommands: [DataInspectCommand.self])
}
