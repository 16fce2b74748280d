import Coordination
import RunProtocol
import Testing

/// What waits while something cannot be written, as synchronous transitions.
@Suite struct StoragePauseTests {
    private let run = RunID(rawValue: "run-a")!
    private let other = RunID(rawValue: "run-b")!

    private func decision(_ number: Int) -> Decision {
        Decision(.wakeWaitingSlots, because: "decision \(number)")
    }

    private func step(_ run: RunID) -> StoragePause.PendingStep { StoragePause.PendingStep(.average, of: run) }

    /// All that there is to do now.
    private func actions(_ storage: inout StoragePause) -> [StoragePause.Action] {
        var actions: [StoragePause.Action] = []
        while let action = storage.nextAction() { actions.append(action) }
        return actions
    }

    /// Lets seconds pass.
    /// - Returns: how many until the storage is to be looked at.
    private func secondsUntilLook(_ storage: inout StoragePause) -> Int {
        for second in 1...100 where storage.secondPassed() { return second }
        return 0
    }

    /// A pause that begins with the first of `decisions`.
    private func paused(_ decisions: [Decision]) -> StoragePause {
        var storage = StoragePause()
        storage.decided(decisions)
        #expect(storage.nextAction() == .carryOut(decisions[0]))
        let begins = storage.writeFailed(because: "the disk is full", in: decisions[0])
        #expect(begins)
        return storage
    }

    @Test func decisionsAreCarriedOutInTheirOrder() {
        var storage = StoragePause()
        storage.decided([decision(1), decision(2)])
        storage.decided([decision(3)])
        #expect(actions(&storage) == (1...3).map { .carryOut(decision($0)) })
        #expect(storage.isWriting && storage.reason == nil && storage.changes == 0)
    }

    @Test func nothingOvertakesWhatCouldNotBeWritten() {
        var storage = paused([decision(1), decision(2)])
        storage.decided([decision(3)])
        #expect(!storage.isWriting && storage.reason == "the disk is full" && storage.changes == 1)
        #expect(actions(&storage) == [])
        storage.storageMended()
        #expect(actions(&storage) == (1...3).map { .carryOut(decision($0)) } + [.tellResumed])
        #expect(storage.isWriting && storage.reason == nil && storage.changes == 2)
    }

    @Test func aSecondFailureWhileItIsPausedIsNoSecondPause() {
        var storage = paused([decision(1)])
        let begins = storage.writeFailed(because: "it still is")
        #expect(!begins)
        #expect(storage.reason == "the disk is full" && storage.changes == 1 && storage.patience == 1)
    }

    @Test func whatFailsAgainIsStillTheFirstAndNobodyIsToldThatItGoesOn() {
        var storage = paused([decision(1), decision(2)])
        storage.storageMended()
        #expect(storage.nextAction() == .carryOut(decision(1)))
        let begins = storage.writeFailed(because: "full again", in: decision(1))
        #expect(begins)
        #expect(actions(&storage) == [] && storage.changes == 3)
        storage.storageMended()
        #expect(actions(&storage) == [.carryOut(decision(1)), .carryOut(decision(2)), .tellResumed])
    }

    @Test func patienceGrowsUntilAFactIsWritten() {
        var storage = StoragePause()
        #expect(secondsUntilLook(&storage) == 0)
        var waited: [Int] = []
        for _ in 0..<7 {
            _ = storage.writeFailed(because: "the disk is full")
            waited.append(secondsUntilLook(&storage))
            // It looks each second from then on.
            let looksAgain = storage.secondPassed()
            #expect(looksAgain)
            storage.storageMended()
            #expect(actions(&storage) == [.tellResumed])
        }
        #expect(waited == [1, 3, 7, 15, 30, 30, 30])
        storage.factWritten()
        _ = storage.writeFailed(because: "the disk is full")
        #expect(secondsUntilLook(&storage) == 1)
    }

    @Test func stepsWaitForTheEndOfThePauseAndComeAfterAllDecisions() {
        var storage = paused([decision(1)])
        storage.stepPostponed(step(run))
        storage.stepPostponed(step(other))
        #expect(actions(&storage) == [])
        storage.storageMended()
        #expect(
            actions(&storage) == [.carryOut(decision(1)), .tellResumed, .perform(step(run)), .perform(step(other))])
        #expect(actions(&storage) == [])
    }

    @Test func aDamagedRunsStepsWaitAloneUntilItIsMended() {
        var storage = StoragePause()
        storage.stepPostponed(step(run))
        storage.damageFound(in: run)
        storage.decided([decision(1)])
        #expect(actions(&storage) == [.carryOut(decision(1))])
        #expect(storage.isWriting && storage.changes == 1)
        _ = storage.writeFailed(because: "the disk is full")
        storage.stepPostponed(step(other))
        storage.storageMended()
        #expect(actions(&storage) == [.tellResumed, .perform(step(other))])
        storage.damageMended(in: run)
        #expect(actions(&storage) == [.perform(step(run))])
        #expect(storage.changes == 4)
    }

    @Test func aRunThatIsMendedDuringAPauseOfAllWaitsForItsEnd() {
        var storage = StoragePause()
        storage.damageFound(in: run)
        storage.stepPostponed(step(run))
        _ = storage.writeFailed(because: "the disk is full")
        storage.damageMended(in: run)
        #expect(actions(&storage) == [])
        storage.storageMended()
        #expect(actions(&storage) == [.tellResumed, .perform(step(run))])
    }

    @Test func whatHasEndedNeverGoesOn() {
        var storage = StoragePause()
        storage.writingEnded()
        storage.decided([decision(1)])
        storage.stepPostponed(step(run))
        storage.storageMended()
        let begins = storage.writeFailed(because: "the disk is full")
        #expect(!begins && !storage.isWriting && storage.reason == nil)
        #expect(actions(&storage) == [] && secondsUntilLook(&storage) == 0)
    }
}
