import Foundation
import Testing

/// What takes long says how far it is where no terminal is, too.
@Suite(.serialized, .timeLimit(.minutes(5))) struct ProgressTests {
    private func says(_ expected: Regex<Substring>, _ arguments: [String], in desk: Desk) throws {
        let process = try RunningProcess(arguments, in: desk.folder)
        defer { process.kill() }
        #expect(wait(60) { process.said.contains(expected) }, "\(arguments): \(process.said)")
        let lines = process.said.split(separator: "\n")
        #expect(lines.allSatisfy { $0.allSatisfy { !$0.isASCII || $0 >= " " } }, "\(process.said)")
    }

    @Test func readingAndCuttingData() throws {
        let (desk, plan) = try Desk.withLargeText()
        let samples = desk.path("samples.csv.gz")
        try says(/reading: 0:\d\d\n/, ["data", "inspect", samples], in: desk)
        try says(/preparing: 0:\d\d\n/, ["pretrain", plan, "--output", desk.path("out")], in: desk)
    }

    @Test func aBenchmark() throws {
        let desk = try Desk()
        let start = ["bench", "matmul", "--m", "8", "--n", "8", "--k", "8", "--seconds", "100"]
        try says(/measuring: \d+ %, 1:\d\d left\n/, start, in: desk)
    }

    @Test func aRoundThatTakesLong() throws {
        let cluster = try SmallCluster(rounds: 1)
        let run = try cluster.submit()
        let watching = try RunningProcess(["watch", run, "--coordinator", cluster.url], in: cluster.folder)
        let quiet = try RunningProcess(["watch", run, "--quiet", "--coordinator", cluster.url], in: cluster.folder)
        defer {
            watching.kill()
            quiet.kill()
        }
        // There is no worker.
        let standing = /waiting: it waits for workers; start one: `cairn worker --coordinator http/
        #expect(wait(60) { watching.said.contains(standing) }, "\(watching.said)")
        #expect(quiet.said == "")
    }

    @Test func slotsFollowTheCoresThatMayBeUsed() throws {
        let desk = try Desk()
        let worker = try RunningProcess(
            ["-c", "0", Cairn.path, "worker", "--coordinator", "http://127.0.0.1:1", "--cache", desk.path("cache")],
            in: desk.folder, program: "/usr/bin/taskset")
        defer { worker.kill() }
        let expected = ProcessInfo.processInfo.processorCount > 1 ? "1 slot (1 of " : "1 slot, one for each core"
        #expect(wait(20) { worker.said.contains(expected) }, "\(worker.said)")
    }
}
