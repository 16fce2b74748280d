import Coordination
import PairClassifier
import RunProtocol
import Simulation
import Testing

/// Tasks that two workers do, and who is believed.
@Suite struct VerifyingTests {
    private func shell(verify: Double = 1, set: InstructionSet? = nil) -> TestShell {
        var plan = Scenario.pairsPlan(stages: 1, rounds: 2, replicas: 2, trials: 0, verify: verify)
        plan.instructionSet = set
        let shell = TestShell(plan)
        shell.start()
        return shell
    }

    private var undisturbed: [RunEvent] {
        Example.undisturbed(
            Scenario(pairs: Scenario.pairsPlan(stages: 1, rounds: 2, replicas: 2, trials: 0)),
            RunID(rawValue: "run-test")!)
    }

    private func reason(_ shell: TestShell) -> String? {
        shell.reasonToWait
    }

    @Test func twoWorkersThatAgreeGiveTheSameWeights() throws {
        let shell = shell()
        let (first, second) = (shell.join("first", process: 1), shell.join("second", process: 2))
        var turn = 0
        while shell.phase == .running {
            let worker = turn % 2 == 0 ? first : second
            turn += 1
            if let task = shell.lease(worker) { #expect(shell.answer(task, by: worker) == .accepted) }
            try #require(turn < 100)
        }
        #expect(shell.recorded.filter(\.isWeight) == undisturbed.filter(\.isWeight))
        #expect(
            shell.recorded.count { $0.kind == .answerWitnessed } == shell.recorded.count { $0.kind == .taskFinished })
    }

    @Test func oneWorkerAloneWaitsForAnother() throws {
        let shell = shell()
        let worker = shell.join("alone", process: 1)
        for _ in 0..<3 { _ = shell.answer(try #require(shell.lease(worker)), by: worker) }
        #expect(shell.lease(worker) == nil)
        #expect(reason(shell) == "it waits for another worker, to compare the answers of alone")
        // Under another name it is the same process.
        let again = shell.join("again", process: 1)
        #expect(shell.lease(again) == nil)
        let second = shell.join("second", process: 2)
        let task = try #require(shell.lease(second))
        #expect(reason(shell) == nil)
        #expect(shell.answer(task, by: second) == .accepted)
        #expect(shell.recorded.last?.kind == .taskFinished)
    }

    @Test func theOddOneOutIsQuarantinedAndNamed() throws {
        let shell = shell()
        let wrong = shell.join("wrong", process: 1)
        let task = try #require(shell.lease(wrong))
        #expect(shell.answer(task, by: wrong, mistake: "a flipped bit") == .accepted)
        let (second, third) = (shell.join("second", process: 2), shell.join("third", process: 3))
        #expect(shell.lease(second)?.id == task.id)
        #expect(shell.answer(task, by: second) == .accepted)
        #expect(shell.recorded.count { $0.kind == .taskFinished } == 0)
        #expect(shell.lease(third)?.id == task.id)
        #expect(shell.answer(task, by: third) == .accepted)
        #expect(shell.recorded.suffix(2).map(\.kind) == [.answerContradicted, .taskFinished])
        let reason = try #require(shell.cluster.workers[wrong]?.quarantine)
        #expect(reason == "second and third came to something else for \(task.id)")
        #expect(shell.lease(wrong) == nil)
        guard case .taskFinished(let completion) = shell.recorded.last else { return }
        #expect(completion == Example.completion(task))
    }

    /// A broken host comes to something else each time that it is started, and a worker that has not answered yet may agree.
    @Test(arguments: [false, true]) func aRunIsGivenUpWhenNobodyIsLeftWhoCouldAgree(oneIsLeft: Bool) throws {
        let shell = shell()
        let (honest, late) = (shell.join("honest", process: 1), oneIsLeft ? shell.join("late", process: 2) : nil)
        let task = try #require(shell.lease(honest))
        _ = shell.answer(task, by: honest)
        func answerWrongly(_ processes: Range<Int>) throws {
            for process in processes {
                let worker = shell.join("wrong-\(process)", host: "broken", process: process)
                #expect(shell.lease(worker)?.id == task.id)
                #expect(shell.answer(task, by: worker, mistake: "\(process)") == .accepted)
            }
        }
        try answerWrongly(100..<115)
        #expect((shell.phase == .running) == oneIsLeft)
        guard let late else { return #expect(shell.failure == .workersDisagree) }
        try answerWrongly(115..<162)
        #expect(shell.lease(late)?.id == task.id)
        #expect(shell.answer(task, by: late) == .accepted)
        #expect(shell.recorded.last?.kind == .taskFinished)
    }

    /// What is kept of answers has an end.
    @Test func aRunIsGivenUpAfterVeryManyAnswers() throws {
        let shell = shell()
        _ = shell.join("late", process: 1)
        for process in 100..<164 {
            #expect(shell.phase == .running)
            let worker = shell.join("wrong-\(process)", host: "broken", process: process)
            let task = try #require(shell.lease(worker))
            _ = shell.answer(task, by: worker, mistake: "\(process)")
        }
        #expect(shell.failure == .workersDisagree)
    }

    /// One with AVX-512 that leaves does not hold up two with AVX2, and is not to blame for its other bits.
    @Test func amongDifferentProcessorsThoseAreBelievedThatAgree() throws {
        let shell = shell()
        let better = shell.join("better", process: 1, instructionSet: "avx512")
        let task = try #require(shell.lease(better))
        _ = shell.answer(task, by: better, mistake: "another order of sums")
        for (index, name) in ["first", "second"].enumerated() {
            let worker = shell.join(name, process: 2 + index, instructionSet: "avx2")
            // What can be compared comes first.
            let next = try #require(shell.lease(worker))
            #expect(next.id != task.id)
            _ = shell.answer(next, by: worker)
            var last = shell.lease(worker)
            while let other = last, other.id != task.id {
                _ = shell.answer(other, by: worker)
                last = shell.lease(worker)
            }
            #expect(last?.id == task.id)
            _ = shell.answer(task, by: worker)
        }
        #expect(shell.recorded.count { $0.kind == .answerContradicted } == 0)
        #expect(shell.cluster.workers[better]?.quarantine == nil)
        let answers = shell.recorded.compactMap { if case .taskFinished(let answer) = $0 { answer } else { nil } }
        #expect(answers.contains { $0 == Example.completion(task) })
    }

    @Test func answersThatWaitSurviveARestart() throws {
        let shell = shell()
        let first = shell.join("first", process: 1)
        let task = try #require(shell.lease(first))
        _ = shell.answer(task, by: first)
        let needed = shell.cluster.run(shell.run)?.neededBlobs
        shell.start(events: shell.recorded)
        #expect(shell.cluster.run(shell.run)?.neededBlobs == needed)
        #expect(shell.lease(shell.join("again", process: 1))?.id != task.id)
        let second = shell.join("second", process: 2)
        #expect(shell.lease(second)?.id == task.id)
        _ = shell.answer(task, by: second)
        #expect(shell.recorded.last?.kind == .taskFinished)
    }

    @Test func theSeedPicksTheShare() throws {
        let picked = (0..<40).map { round in
            var plan = Scenario.pairsPlan(stages: 1, rounds: 2, replicas: 200, trials: 0, verify: 0.25)
            plan.seed = UInt64(round)
            let state = RunState(id: RunID(rawValue: "run-test")!, plan: plan, compiler: .pairs)
            return (0..<200).count(where: state.isVerified)
        }
        #expect((1_800...2_200).contains(picked.reduce(0, +)))
        #expect(Set(picked).count > 5)
        let none = RunState(id: RunID(rawValue: "run-test")!, plan: Scenario.pairsPlan(), compiler: .pairs)
        #expect(!(0..<200).contains(where: none.isVerified))
    }

    @Test func aPlanCanAskForAnInstructionSet() throws {
        let shell = shell(verify: 0, set: .avx2)
        #expect(shell.lease(shell.join("better", process: 1, instructionSet: "avx512")) == nil)
        #expect(
            reason(shell)
                == "it waits for workers that compute with avx2: start them with --instruction-set avx2")
        #expect(shell.lease(shell.join("right", process: 2, instructionSet: "avx2")) != nil)
    }
}
