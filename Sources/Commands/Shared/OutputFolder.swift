import FoundationEssentials

/// Folders for results.
enum OutputFolder {
    static func make(_ path: String) throws {
        do {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        } catch {
            throw CommandError("\(path): the folder cannot be made; choose another place")
        }
    }
}
