import Foundation
import Testing

/// A kind of model that the program has never heard of, in a program that has no other: `Tests/PairClassifier`. Every part of
/// it works on what the kind says.
@Suite(.serialized, .timeLimit(.minutes(10))) struct OtherKindTests {
    private static let program = Bundle.main.bundleURL.appending(path: "cairn-fixture").path

    /// Pairs whose class is whether both first numbers have the same sign, and a plan of them.
    static func plan(in desk: Desk, samples: Int, rounds: Int, patience: Int?) throws -> String {
        var state: UInt64 = 1
        func number() -> Double {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Double(state >> 40) / Double(1 << 23) - 1
        }
        let rows = (0..<samples).map { _ in (left: (0..<3).map { _ in number() }, right: (0..<2).map { _ in number() })
        }
        func text(_ lines: [String]) -> [UInt8] { Array((lines.joined(separator: "\n") + "\n").utf8) }
        func line(_ numbers: [Double]) -> String { numbers.map { "\($0)" }.joined(separator: ",") }
        try desk.write("left.csv", text(["a,b,c"] + rows.map { line($0.left) }))
        try desk.write("right.csv", text(["d,e"] + rows.map { line($0.right) }))
        try desk.write("labels.csv", text(rows.map { $0.left[0] * $0.right[0] > 0 ? "same" : "other" }))
        let stopping = patience.map { ", patience: \($0)" } ?? ""
        return try desk.write(
            "plan.yaml",
            text([
                "model: pair_classifier", "name: pairs",
                "data: {left: left.csv, right: right.csv, labels: labels.csv, held_out: 200, shards: 3}",
                "training: {rounds: \(rounds), replicas: 3, learning_rate: 0.03\(stopping)}",
            ]))
    }

    private func cairn(_ arguments: [String]) throws -> String {
        let ended = try Cairn.run(arguments, program: Self.program)
        try #require(ended.status == 0, "\(arguments): \(ended.errors)")
        return ended.output
    }

    @Test func oneProcessAndThreeWorkersGiveTheSameFiles() throws {
        let desk = try Desk()
        let plan = try Self.plan(in: desk, samples: 1_200, rounds: 60, patience: 3)
        #expect(try cairn(["plan", "check", plan]).contains("8 units on two fields"))
        let summary = try cairn(["pretrain", plan, "--output", desk.path("alone"), "--quiet"])
        #expect(summary.contains("the accuracy has not risen for 3 rounds"), "\(summary)")
        #expect(summary.contains("pair error"), "\(summary)")

        let cluster = try Cluster(desk)
        // What a worker does is no matter of the kind: one of them is the program as it is delivered.
        try cluster.startWorkers([Self.program, Self.program, Cairn.path])
        let run = try cluster.cairn(["submit", plan, "--wait"]).trimmingCharacters(in: .whitespacesAndNewlines)
        try FileManager.default.createDirectory(atPath: desk.path("results"), withIntermediateDirectories: true)
        _ = try cluster.cairn(["export", run, "--output", desk.path("results")])
        for name in ["classifier.safetensors", "codes.npy"] {
            let files = try ["alone", "results"].map { try Data(contentsOf: URL(filePath: desk.path("\($0)/\(name)"))) }
            #expect(files[0] == files[1], "\(name)")
        }
        #expect(try Data(contentsOf: URL(filePath: desk.path("results/codes.npy"))).count == 128 + 200 * 8 * 4)
        try expectFigures(of: run, in: cluster, desk)
    }

    /// The metric that decides, the table and the output are told wherever a run's figures are.
    private func expectFigures(of run: String, in cluster: Cluster, _ desk: Desk) throws {
        let table = try cluster.cairn(["metrics", run, "--csv"]).split(separator: "\n")
        #expect(table[0].split(separator: ",").contains("accuracy"), "\(table[0])")
        let status = try cluster.cairn(["status", run])
        #expect(status.contains("accuracy") && status.contains("pair error"), "\(status)")
        let screen = try cluster.cairn(["watch", run])
        #expect(screen.contains("accuracy"), "\(screen)")
        _ = try cluster.cairn(["export", run, "--tensorboard", desk.path("curves")])
        let names = try FileManager.default.contentsOfDirectory(atPath: desk.path("curves/\(run)"))
        let curves = try Data(contentsOf: URL(filePath: desk.path("curves/\(run)/\(names[0])")))
        for tag in ["training/accuracy", "training/loss", "test/pair error"] {
            #expect(curves.range(of: Data(tag.utf8)) != nil, "\(tag)")
        }
        let scraped = try Cairn.run(["--silent", "--fail", cluster.url + "/metrics"], program: "/usr/bin/curl").output
        for name in ["cairn_run_accuracy", "cairn_run_pair_error"] {
            #expect(scraped.contains("\n\(name){"), "\(name)")
        }
    }

    @Test func aProgramWithoutTheKindSaysSo() throws {
        let desk = try Desk()
        let plan = try Self.plan(in: desk, samples: 300, rounds: 1, patience: nil)
        let ended = try Cairn.run(["plan", "check", plan])
        #expect(ended.status != 0)
        #expect(ended.output.contains("model: should be one of stacked_autoencoder"), "\(ended.output)")
    }

    @Test func weightsSurviveAStorm() throws {
        let desk = try Desk()
        let plan = try Self.plan(in: desk, samples: 60_000, rounds: 12, patience: nil)
        let chaos = Bundle.main.bundleURL.appending(path: "cairn-chaos").path
        let ended = try Cairn.run(
            [
                "--cairn", Self.program, "--plan", plan, "--worker-kills", "3", "--coordinator-kills", "1", "--seed",
                "1",
                "--json",
            ], program: chaos)
        try #require(ended.status == 0, "\(ended.errors)\(ended.output)")
        let report = try #require(JSONSerialization.jsonObject(with: Data(ended.output.utf8)) as? [String: Any])
        #expect((report["sha256"] as? [String: String])?.keys.sorted() == ["classifier", "codes"])
    }
}

extension OtherKindTests {
    /// A coordinator of the fixture's program, and workers of any.
    final class Cluster {
        private let desk: Desk
        private let coordinator: RunningProcess
        private var workers: [RunningProcess] = []
        let url: String

        init(_ desk: Desk) throws {
            self.desk = desk
            let process = try RunningProcess(
                ["coordinator", "--state", "state", "--listen", "127.0.0.1:0"], in: desk.folder,
                program: OtherKindTests.program)
            coordinator = process
            var found: String?
            wait(30) {
                found = process.said.firstMatch(of: /listening on (http:[^\s"]+)/).map { String($0.1) }
                return found != nil || !process.isRunning
            }
            url = found ?? ""
            try #require(found != nil, "\(process.said)")
        }

        deinit {
            workers.forEach { $0.kill() }
            coordinator.kill()
        }

        func startWorkers(_ programs: [String]) throws {
            for program in programs {
                workers.append(
                    try RunningProcess(
                        ["worker", "--coordinator", url, "--slots", "1", "--cache", "cache-\(workers.count)"],
                        in: desk.folder, program: program))
            }
        }

        func cairn(_ arguments: [String]) throws -> String {
            let ended = try Cairn.run(arguments + ["--coordinator", url], program: OtherKindTests.program)
            try #require(ended.status == 0, "\(arguments): \(ended.errors)")
            return ended.output
        }
    }
}
