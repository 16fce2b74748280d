import DataFormats
import FoundationEssentials
import RunProtocol

/// Folders for results.
enum OutputFolder {
    static func make(_ path: String) throws {
        do {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        } catch {
            throw CommandError("\(path): the folder cannot be made; choose another place")
        }
    }

    static func isThere(_ path: String) -> Bool {
        var isFolder = false
        return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && isFolder
    }

    /// Leaves a finished run's exports and summary.json in `folder`, and prints the summary.
    /// - Parameter fetch: writes an export to a path.
    static func writeResults(
        of run: RunStatus, to folder: String, json: Bool, fetch: (ExportDescription, String) throws -> Void
    ) throws {
        var files: [ExportDescription.Part: String] = [:]
        for export in run.exports {
            let path = "\(folder)/\(export.file)"
            try fetch(export, path)
            files[export.part] = path
        }
        let summary = Summary(run, files: files)
        try AtomicFile.write(try JSONOutput.data(summary.json), to: folder + "/summary.json")
        if json { try JSONOutput.print(summary.json) } else { say(lines: summary.table) }
    }
}

extension ExportDescription {
    /// What the file is called in a folder of results.
    var file: String { fileName ?? "\(part.rawValue).safetensors" }
}
