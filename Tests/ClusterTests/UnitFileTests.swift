import Foundation
import Testing

@Suite struct UnitFileTests {
    @Test(
        .enabled(if: Command.isThere("/usr/bin/systemd-analyze"), "needs systemd-analyze"),
        arguments: ["cairn-coordinator", "cairn-worker"])
    func systemdIsContent(name: String) throws {
        let unit = try String(
            contentsOf: packageFolder.appending(path: "cluster/systemd/\(name).service"), encoding: .utf8)
        // systemd wants the program to be there, and so this names one that is.
        let folder = try TemporaryFolder()
        let installed = unit.replacingOccurrences(of: "ExecStart=/usr/local/bin/cairn", with: "ExecStart=/bin/true")
        #expect(installed != unit)
        let ended = try Command("systemd-analyze", ["verify", folder.write("\(name).service", installed).path])
        #expect(ended.status == 0)
        #expect(ended.errors == "")
    }

    @Test(arguments: ["coordinator", "worker"])
    func theExampleSetsWhatTheUnitReads(name: String) throws {
        let folder = packageFolder.appending(path: "cluster/systemd")
        let unit = try String(contentsOf: folder.appending(path: "cairn-\(name).service"), encoding: .utf8)
        let example = try String(contentsOf: folder.appending(path: "\(name).env.example"), encoding: .utf8)
        let read = unit.matches(of: /\$\{?(CAIRN_[A-Z]+)/).map { String($0.1) }
        #expect(!read.isEmpty)
        for variable in read { #expect(example.contains("\n\(variable)="), "\(variable)") }
    }
}
