import Dispatch
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

/// Runs blocking work on a thread that is not one of the cooperative pool's.
func onOwnThread(_ work: @escaping @Sendable () throws -> Void) async throws {
    try await withCheckedThrowingContinuation { continuation in
        DispatchQueue(label: "cairn.blocking").async { continuation.resume(with: Result { try work() }) }
    }
}
