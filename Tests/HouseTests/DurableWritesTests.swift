import Foundation
import Testing

/// A coordinator may be killed at any of its writes: each has a name, by which `CrashPointTests` kill it there.
@Suite struct DurableWritesTests {
    private static let calls = [
        "O_CREAT", "pwrite(", "Glibc.write(", "fsync(", "rename(", "unlink(", "createDirectory(", "removeItem(",
        "database.write", ".migrate(", "posix_fallocate(", "ftruncate(", ".write(to:",
    ]

    /// Answers within one process, where nothing outlives the coordinator.
    private static let exempt = "LocalConnection.swift"

    @Test func everyWriteOfTheCoordinatorHasAName() {
        let folders = ["RunStore", "CoordinatorRuntime", "CoordinatorServer", "DataFormats/Files"]
        let files = SourceTree.files(below: folders.map { "Sources/\($0)" }, endingIn: [".swift"])
        let nameless = files.filter { !$0.path.hasSuffix(Self.exempt) }.flatMap { file in
            file.lines.indices.filter { index in
                Self.calls.contains { file.lines[index].contains($0) } && !isNamed(index, file.lines)
            }.map { "\(file.path):\($0 + 1): \(file.lines[$0])" }
        }
        #expect(nameless == [], "wrap these in WritePoint.perform, with a case of its own for a new kind of write")
    }

    /// Whether the line is in the closure of a `WritePoint`, or of one that its function is given: on its line, or
    /// indented below one.
    private func isNamed(_ index: Int, _ lines: [String]) -> Bool {
        var indentation = depth(lines[index])
        for line in lines[...index].reversed() {
            guard depth(line) < indentation || line == lines[index] else { continue }
            if line.contains("WritePoint.") || line.contains("try point.perform(") { return true }
            indentation = depth(line)
            if line.contains("func ") || line.contains("init(") { return false }
        }
        return false
    }

    private func depth(_ line: String) -> Int { line.isEmpty ? .max : line.prefix { $0 == " " }.count }
}
