import ArgumentParser
import Chaos

/// Runs the program as people do, and does to it what happens to people.
struct CairnChaos: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cairn-chaos",
        abstract: "Real processes under fire: killed, stopped, cut off, out of room; and the same weights in the end.",
        subcommands: [StormCommand.self, SlowWorkerCommand.self], defaultSubcommand: StormCommand.self)
}

/// `cairn-chaos storm`
struct StormCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "storm",
        abstract: "Kill workers and coordinator again and again, and compare the weights with those of a quiet run.",
        discussion: """
            What goes wrong and when follows from the seed. The plan is run once in one process and once on the cluster \
            without faults, then under fire, again and again until the wanted kills have hit it. Fails where the weights \
            differ, a run does not end, or a process ends by itself.
            """)

    @OptionGroup var common: CommonOptions
    @Option(help: "What goes wrong follows from it.") var seed: UInt64 = 0
    @Option(help: "How many workers; all but the first are behind a proxy with faults.") var workers = 3
    @Option(help: "How often a worker gets `kill -9`.") var workerKills = 20
    @Option(help: "How often the coordinator gets `kill -9`.") var coordinatorKills = 5
    @Flag(help: "200 kills of workers and 30 of the coordinator: some minutes.") var long = false

    func validate() throws {
        guard (1...100).contains(workers) else { throw ValidationError("--workers goes from 1 to 100.") }
        guard (0...100_000).contains(workerKills), (0...100_000).contains(coordinatorKills) else {
            throw ValidationError("--worker-kills and --coordinator-kills go from 0 to 100000.")
        }
    }

    func run() throws {
        let report = try common.inFolder { program, folder in
            var settings = Storm.Settings(
                program: program, folder: folder, plan: try common.plan(TestPlan.short, in: folder))
            if common.plan == nil { settings.diverging = try .diverging(in: folder + "/diverging") }
            settings.seed = seed
            settings.workers = workers
            settings.workerKills = long ? 200 : workerKills
            settings.coordinatorKills = long ? 30 : coordinatorKills
            return try Storm(settings, say: say).run()
        }
        try common.show(report, report.table)
    }
}

/// `cairn-chaos slow-worker`
struct SlowWorkerCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "slow-worker",
        abstract: "Measure a round with two workers, and with a third that is let run a tenth of the time.")

    @OptionGroup var common: CommonOptions
    @Option(help: "How many runs without and with the slow worker, by turns.") var repetitions = 3

    func validate() throws {
        guard (1...1_000).contains(repetitions) else { throw ValidationError("--repetitions goes from 1 to 1000.") }
    }

    func run() throws {
        let result = try common.inFolder { program, folder in
            let plan = try common.plan(TestPlan.rounds, in: folder)
            return try SlowWorker(program: program, folder: folder, plan: plan, say: say).measure(
                repetitions: repetitions)
        }
        try common.show(result, result.text)
    }
}

CairnChaos.main()
