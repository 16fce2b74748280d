import Foundation
import Testing

/// What `scripts/load` refuses before it starts anything.
@Suite struct LoadUsageTests {
    @Test(arguments: [
        [], ["go"], ["workers", "more"], ["workers", "--slots", "0"], ["workers", "--slots", "1025"],
        ["workers", "--workers", "x"], ["workers", "--workers"], ["workers", "--waiting", "never"],
        ["workers", "--seconds", "0"], ["workers", "--seconds", "nan"], ["workers", "--replicas", "-1"],
        ["workers", "--loud"], ["attack", "kindly"], ["attack", "idle", "kindly"], ["attack", "--memory", "0"],
        ["attack", "--rounds", "1.5"],
    ])
    func argumentsAreChecked(arguments: [String]) throws {
        let ended = try Command(LoadScript.path, arguments)
        #expect(ended.status == 64)
        #expect(ended.output == "")
        #expect(ended.errors.contains("--help"))
    }

    @Test func theProgramMustBeThere() throws {
        let ended = try Command(LoadScript.path, ["workers", "--cairn", "/nowhere/cairn"])
        #expect(ended.status == 1)
        #expect(ended.errors.contains("/nowhere/cairn"))
    }

    @Test(arguments: [
        (["--help"], "attack"), (["workers", "--help"], "per-worker"), (["attack", "--help"], "drip-head"),
    ])
    func helpIsGiven(arguments: [String], part: String) throws {
        let help = try Command(LoadScript.path, arguments)
        #expect(help.status == 0)
        #expect(help.output.contains(part))
    }
}

/// `scripts/load` with few workers for a short time: whether they speak as the coordinator does, not how fast it is.
@Suite(.serialized, .enabled(if: Program.knowsWorkers && Command.isThere("/usr/bin/python3")), .timeLimit(.minutes(3)))
struct LoadTests {
    @Test(arguments: ["per-slot", "per-worker"])
    func fakeWorkersPlayRounds(waiting: String) throws {
        let found = try LoadScript.run([
            "workers", "--workers", "3", "--slots", "2", "--waiting", waiting, "--replicas", "4", "--task-seconds",
            "0.1",
            "--seconds", "2",
        ])
        #expect(found.status == 0, "\(found.errors)")
        let crowd = try #require(found.results.first)
        #expect(crowd["joined"] as? Int == 3)
        #expect((crowd["leaseMilliseconds"] as? [String: Any])?["count"] as? Int ?? 0 > 4)
        let verdicts = try #require(crowd["verdicts"] as? [String: Int])
        #expect(verdicts["accepted", default: 0] > 4)
        #expect(Set(verdicts.keys).isSubset(of: ["accepted", "duplicate", "late"]))
    }

    @Test func whatABarMissesIsSaid() throws {
        let found = try LoadScript.run([
            "attack", "register", "--workers", "3", "--rounds", "2", "--seconds", "2", "--memory", "1",
        ])
        #expect(found.status == 1)
        let attack = try #require(found.results.first)
        #expect((attack["attacker"] as? [String: Int])?["status 201", default: 0] ?? 0 > 0)
        #expect((attack["missed"] as? [String])?.contains("over 1 MiB more memory") == true)
        #expect(attack["isSameExport"] as? Bool == true)
        #expect((attack["failures"] as? [String: Int])?.isEmpty == true)
    }
}

private enum LoadScript {
    static let path = packageFolder.appending(path: "scripts/load").path

    /// With the program that was built beside the tests.
    static func run(_ arguments: [String]) throws -> (status: Int32, results: [[String: Any]], errors: String) {
        let ended = try Command(path, arguments + ["--cairn", Program.path, "--json"])
        let results = try #require(
            JSONSerialization.jsonObject(with: Data(ended.output.utf8)) as? [[String: Any]], "\(ended.errors)")
        return (ended.status, results, ended.errors)
    }
}
