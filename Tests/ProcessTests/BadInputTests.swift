import Foundation
import Testing

/// What is wrong with an input is said in one line, with exit code 1 (64 for wrong usage), and nothing is left behind.
@Suite struct BadInputTests {
    // MARK: Plans

    @Test func everyMistakeOfAPlanIsALineWithItsNumber() throws {
        let desk = try Desk()
        let plan = try desk.write(
            "plan.yaml", "seed: x\ndata:\n  unlabeled: a.idx\nlayers:\n  - unit: 3\n    units: 0\n")
        let expected = [
            "line 1: seed: should be a whole number", "line 5: layers[0].unit: is unknown here",
            "line 6: layers[0].units: should be a whole number",
        ]
        let results = desk.path("results")
        for arguments in [
            ["pretrain", plan, "--output", results], ["submit", plan, "--coordinator", "http://127.0.0.1:1"],
            ["coordinator", "--state", desk.path("state"), "--plan", plan], ["plan", "check", plan],
        ] {
            let ended = try Cairn.run(arguments)
            #expect(ended.status == 1)
            // What `plan check` finds is its result.
            let text = arguments[1] == "check" ? ended.output : ended.errors
            let lines = text.split(separator: "\n")
            #expect(lines.count == expected.count, "\(text)")
            for (line, mistake) in zip(lines, expected) { #expect(line.contains(mistake)) }
        }
        #expect(try desk.names == ["plan.yaml"])
    }

    @Test(arguments: ["layers: [", "", "\u{FF}\u{0}", "a: &b c\nd: *b", "- 1\n- 2"])
    func whatIsNoPlanIsSaid(text: String) throws {
        let desk = try Desk()
        let plan = try desk.write("plan.yaml", text)
        let ended = try Cairn.run(["pretrain", plan, "--output", desk.path("results")])
        #expect(ended.status == 1)
        #expect(ended.errors.contains("line 1") || ended.errors.contains("line 2"), "\(ended.errors)")
        #expect(try desk.names == ["plan.yaml"])
    }

    // MARK: Data of plans

    @Test(
        arguments: [
            (
                "a.idx", Desk.idx(samples: 40, missing: 3),
                "a.idx: its header says that 40 bytes of numbers follow; 37 do"
            ),
            ("a.csv", Array("1,2\n3,word\n".utf8), "a.csv: 1 cell is no number: column 2 has 1, line 2: 'word'"),
            ("a.idx", Desk.idx(samples: 3), "too few for 4 held out"),
            ("a.bin", [0, 1, 2, 3], "a.bin: this is neither IDX, NPY, NPZ nor text"),
        ] as [(String, [UInt8], String)])
    func dataThatCannotBeReadAreSaid(name: String, bytes: [UInt8], expected: String) throws {
        let desk = try Desk()
        try desk.write(name, bytes)
        let plan = try desk.write("plan.yaml", Desk.plan(data: name))
        let results = desk.path("results")
        try expectOneLine(Cairn.run(["pretrain", plan, "--output", results, "--quiet"]), expected)
        #expect(try FileManager.default.contentsOfDirectory(atPath: results) == [])
    }

    @Test func aPictureOfAnotherSizeIsNamed() throws {
        let desk = try Desk()
        try desk.pictures()
        let plan = try desk.write("plan.yaml", Desk.plan(data: "pictures"))
        let ended = try Cairn.run(["pretrain", plan, "--output", desk.path("results"), "--quiet"])
        try expectOneLine(ended, "'b.png': its shape [1, 2] is not the [1, 1] of the first image, 'a.png'")
    }

    @Test func aMissingFileOfDataIsNamed() throws {
        let desk = try Desk()
        let plan = try desk.write("plan.yaml", Desk.plan(data: "gone.idx"))
        let ended = try Cairn.run(["pretrain", plan, "--output", desk.path("results")])
        try expectOneLine(ended, "gone.idx: is not there")
        #expect(try FileManager.default.contentsOfDirectory(atPath: desk.path("results")) == [])
    }

    @Test func labelsThatDoNotMatchAreSaid() throws {
        let desk = try Desk()
        try desk.write("a.idx", Desk.idx(samples: 40))
        try desk.write("labels.idx", [0, 0, 8, 1, 0, 0, 0, 3, 0, 1, 0])
        let plan = try desk.write(
            "plan.yaml",
            Desk.plan(
                data: "a.idx",
                more: "  labeled: {samples: a.idx, labels: labels.idx}\n  test: {samples: a.idx, labels: labels.idx}",
                end: "fine_tuning: {}"))
        let ended = try Cairn.run(["pretrain", plan, "--output", desk.path("results"), "--quiet"])
        try expectOneLine(ended, "a.idx: there are 40 samples but 3 labels")
    }

    @Test func aNetworkThatNoMemoryHoldsIsRefused() throws {
        let desk = try Desk()
        try desk.write("a.idx", [0, 0, 8, 2, 0, 0, 0, 10, 0, 0, 0x40, 0] + [UInt8](repeating: 0, count: 10 << 14))
        let plan = try desk.write("plan.yaml", Desk.plan(data: "a.idx", units: 1 << 20))
        let ended = try Cairn.run(["pretrain", plan, "--output", desk.path("results"), "--quiet"])
        try expectOneLine(ended, "layer 1 would have 34360803328 weights; at most 1073741824 are possible")
    }

    // MARK: Addresses

    @Test(arguments: [
        ("ftp://127.0.0.1:8420", "does not begin with http:// or https://"), ("word", "does not begin with http://"),
        ("http://127.0.0.1:99999", "port"), ("http://127.0.0.1:8420/more?run=1", "goes on after the host and port"),
        ("http://127.0.0.1:1", "nothing answers at http://127.0.0.1:1: is the coordinator running there?"),
    ]) func aWrongURLIsSaid(url: String, expected: String) throws {
        try expectOneLine(Cairn.run(["list", "--coordinator", url]), expected)
    }

    @Test(arguments: ["ftp://127.0.0.1:8420", "word"]) func aWorkerWithAWrongURLEndsAtOnce(url: String) throws {
        let desk = try Desk()
        let ended = try Cairn.run(["worker", "--coordinator", url, "--cache", desk.path("cache")])
        try expectOneLine(ended, "does not begin with http:// or https://")
        #expect(try desk.names == [])
    }

    @Test func aPortInUseIsSaid() throws {
        let cluster = try SmallCluster(rounds: 1)
        let listen = cluster.url.replacing("http://", with: "")
        let desk = try Desk()
        let second = try RunningProcess(["coordinator", "--state", "state", "--listen", listen], in: desk.folder)
        #expect(second.exitCode(within: 30) == 1)
        let last = try #require(second.said.split(separator: "\n").last)
        #expect(last == "Error: \(listen) is in use by another program; stop it or choose another with --listen")
    }

    @Test func aStateFolderInUseIsSaid() throws {
        let cluster = try SmallCluster(rounds: 1)
        let state = cluster.folder.appending(path: "state").path
        let ended = try Cairn.run(["coordinator", "--state", state, "--listen", "127.0.0.1:0"])
        try expectOneLine(ended, "state: another coordinator uses this folder (process")
    }

    @Test func whereStrangersCanComeInATokenIsNeeded() throws {
        let desk = try Desk()
        let ended = try Cairn.run(["coordinator", "--state", desk.path("state"), "--listen", "0.0.0.0:0"])
        try expectOneLine(ended, "protect it with --token-file, or listen on 127.0.0.1")
        #expect(try desk.names == [])
    }

    @Test func dataOutsideTheFoldersAreNotRead() throws {
        let desk = try Desk()
        try desk.write("a.idx", Desk.idx(samples: 40))
        let cluster = try SmallCluster(rounds: 1)
        let link = cluster.folder.appending(path: "link.idx").path
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: desk.path("a.idx"))
        for path in [desk.path("a.idx"), link, "../\(desk.folder.lastPathComponent)/a.idx", "/etc/passwd", "/gone"] {
            let plan = cluster.folder.appending(path: "other.yaml").path
            try Desk.plan(data: path).write(toFile: plan, atomically: true, encoding: .utf8)
            let ended = try cluster.cairn(["submit", plan])
            try expectOneLine(
                ended, "\(path): is not there, or not below a folder that this coordinator reads data from")
        }
        #expect(try cluster.cairn(["list"]).output.contains("no runs"))
    }

    @Test func foldersThatAreGivenStandInsteadOfTheUsualOnesAndThatIsSaid() throws {
        let desk = try Desk()
        try desk.write("a.idx", Desk.idx(samples: 40))
        let plan = try desk.write("plan.yaml", Desk.plan(data: "a.idx"))
        let remark = "since --data was given: what it names stands instead of the default"
        func start(_ options: [String]) throws -> (RunningProcess, url: String) {
            let state = desk.path("state-\(options.count)")
            let coordinator = try RunningProcess(
                ["coordinator", "--state", state, "--listen", "127.0.0.1:0"] + options, in: desk.folder)
            #expect(wait(30) { coordinator.said.contains("listening on http") }, "\(coordinator.said)")
            let url = try #require(coordinator.said.firstMatch(of: /listening on (http:\/\/\S+)/)).1
            return (coordinator, String(url))
        }
        let (given, url) = try start(["--data", "/usr/share"])
        defer { given.kill() }
        #expect(given.said.contains("below /usr/share; not below the working folder, \(remark)"), "\(given.said)")
        try expectOneLine(
            Cairn.run(["submit", plan, "--coordinator", url]),
            "it reads below /usr/share; not below the working folder, \(remark)")
        let (usual, other) = try start([])
        defer { usual.kill() }
        #expect(!usual.said.contains("--data"), "\(usual.said)")
        #expect(try Cairn.run(["submit", plan, "--coordinator", other]).status == 0)
    }

    /// A service is started there where nothing else is said.
    @Test func allFilesAreNotReadBecauseTheWorkingFolderIsTheRoot() throws {
        let desk = try Desk()
        try desk.write("a.idx", Desk.idx(samples: 40))
        let plan = try desk.write("plan.yaml", Desk.plan(data: "a.idx"))
        let coordinator = try RunningProcess(
            ["coordinator", "--state", desk.path("state"), "--listen", "127.0.0.1:0"], in: URL(filePath: "/"))
        defer { coordinator.kill() }
        #expect(wait(30) { coordinator.said.contains("listening on http") }, "\(coordinator.said)")
        let url = try #require(coordinator.said.firstMatch(of: /listening on (http:\/\/\S+)/)).1
        try expectOneLine(
            Cairn.run(["submit", plan, "--coordinator", String(url)]),
            "is not there, or not below a folder that this coordinator reads data from")
    }

    // MARK: Weights

    @Test func aFileOfWeightsWithALyingHeaderIsRefused() throws {
        let desk = try Desk()
        let samples = try desk.write("a.idx", Desk.idx(samples: 4))
        let header = #"{"encoder.0.weight":{"dtype":"F32","shape":[1,1],"data_offsets":[0,4000]}}"#
        let lying = [UInt8(header.utf8.count), 0, 0, 0, 0, 0, 0, 0] + Array(header.utf8) + [0, 0, 0, 0]
        let weights = try desk.write("w.safetensors", lying)
        try expectOneLine(
            Cairn.run(["evaluate", weights, "--samples", samples, "--labels", samples]),
            "w.safetensors: tensor 'encoder.0.weight' should lie at [0, 4000], but there are 4 bytes")
        let picture = ["picture", weights, "--samples", samples, "--output", desk.path("p.png")]
        try expectOneLine(Cairn.run(picture), "there are 4 bytes")
        try desk.write("w.safetensors", [255, 255, 255, 255, 255, 255, 255, 127, 0])
        try expectOneLine(Cairn.run(picture), "is it a safetensors file?")
        #expect(try desk.names == ["a.idx", "w.safetensors"])
    }

    @Test func aPretrainedFileIsNoClassifier() throws {
        let desk = try Desk()
        let samples = try desk.write("a.idx", Desk.idx(samples: 40))
        let plan = try desk.write("plan.yaml", Desk.plan(data: "a.idx"))
        let results = desk.path("results")
        let trained = try Cairn.run(["pretrain", plan, "--output", results, "--quiet"])
        #expect(trained.status == 0, "\(trained.errors)")
        let weights = results + "/weights.safetensors"
        try expectOneLine(
            Cairn.run(["evaluate", weights, "--samples", samples, "--labels", samples]),
            "weights.safetensors: has no classifier; use the one that was exported with --part fine-tuned")
        let wide = try desk.write("wide.idx", [0, 0, 8, 2, 0, 0, 0, 1, 0, 0, 0, 2, 1, 2])
        let picture = ["picture", weights, "--samples", wide, "--output", desk.path("p.png")]
        try expectOneLine(Cairn.run(picture), "wide.idx: its samples have 2 numbers, the network's own samples have 1")
    }

    // MARK: Places to write

    @Test func whereNothingCanBeWrittenIsSaid() throws {
        let desk = try Desk()
        try desk.write("a.idx", Desk.idx(samples: 40))
        let plan = try desk.write("plan.yaml", Desk.plan(data: "a.idx"))
        try expectOneLine(Cairn.run(["pretrain", plan, "--output", "/proc/results"]), "/proc/results: ")
        try expectOneLine(Cairn.run(["coordinator", "--state", "/proc/state"]), "/proc/state: ")
        try expectOneLine(Cairn.run(["pretrain", plan, "--output", plan]), "plan.yaml: ")
        try expectOneLine(Cairn.run(["plan", "init", "/proc/plan.yaml"]), "/proc/plan.yaml: cannot be written")
        try expectOneLine(Cairn.run(["worker", "--cache", "/proc/cache"]), "/proc/cache: ")
    }

    @Test func whoInterruptsFindsNothingHalfDone() throws {
        let desk = try Desk()
        try desk.write("a.idx", Desk.idx(samples: 40))
        let plan = try desk.write("plan.yaml", Desk.plan(data: "a.idx", rounds: 15_000))
        let results = desk.path("results")
        let process = try RunningProcess(["pretrain", plan, "--output", results], in: desk.folder)
        #expect(wait(30) { process.said.contains("layer 1, round 5 ") }, "\(process.said)")
        #expect(process.terminate() == 1)
        #expect(process.said.hasSuffix("Error: interrupted: nothing was written\n"), "\(process.said.suffix(200))")
        #expect(try FileManager.default.contentsOfDirectory(atPath: results) == [])
    }

    // MARK: Wrong usage

    @Test(arguments: [
        ["pretrain"], ["worker", "--slots", "0"], ["worker", "--slots", "many"], ["coordinator"],
        ["coordinator", "--state", "x", "--listen", "nowhere"], ["coordinator", "--state", "x", "--lease", "0"],
        ["evaluate", "x", "--samples", "y", "--labels", "z", "--limit", "0"], ["fly"], ["list", "--wings"],
    ]) func wrongUsageExitsWith64(arguments: [String]) throws {
        let ended = try Cairn.run(arguments)
        #expect(ended.status == 64, "\(ended.errors)")
        #expect(ended.errors.hasPrefix("Error: "))
        #expect(ended.output == "")
        #expect(!FileManager.default.fileExists(atPath: "x"))
    }
}

/// Standard error has that one line, and the exit code is 1.
func expectOneLine(_ ended: Cairn.Ended, _ expected: String, _ location: SourceLocation = #_sourceLocation) throws {
    #expect(ended.status == 1, sourceLocation: location)
    #expect(ended.output == "", sourceLocation: location)
    #expect(ended.errors.contains(expected), "\(ended.errors)", sourceLocation: location)
    #expect(ended.errors.hasPrefix("Error: "), sourceLocation: location)
    #expect(ended.errors.split(separator: "\n").count == 1, "\(ended.errors)", sourceLocation: location)
}
