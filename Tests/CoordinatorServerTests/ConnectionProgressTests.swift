import CoordinatorServer
import Testing

/// Until when what has to happen on a connection. Times are made up.
@Suite struct ConnectionProgressTests {
    private static let limits = {
        var limits = ServerLimits()
        limits.headSeconds = 10
        return limits
    }()

    private func opened() -> ConnectionProgress { ConnectionProgress(Self.limits, at: 0) }

    /// A connection on which one request was answered in full.
    private func answeredOnce() -> ConnectionProgress {
        var progress = opened()
        _ = progress.received(100, at: 1)
        progress.receivedHead(isUpdate: false, isLast: false, at: 1)
        progress.receivedEnd()
        #expect(progress.answerBegan(isLast: false) == false)
        progress.answerEnded(at: 2)
        progress.answerHeldUp(bytes: 10, at: 2)
        #expect(progress.answerTaken(at: 2) == false)
        return progress
    }

    @Test func whoSendsNothingIsHungUpOn() {
        var progress = opened()
        #expect(progress.deadline == 10)
        #expect(progress.timePassed(at: 9.9, unsentBytes: 0) == .wait)
        #expect(progress.timePassed(at: 10, unsentBytes: 0) == .close(nil))
    }

    @Test func aHeadThatDripsIsRefused() {
        var progress = opened()
        for second in 0..<10 { #expect(progress.received(1, at: Double(second)) == true) }
        #expect(progress.timePassed(at: 10, unsentBytes: 0) == .refuse(.requestHead))
        #expect(progress.deadline == nil)
    }

    @Test func betweenRequestsTheFirstByteCounts() {
        var progress = answeredOnce()
        #expect(progress.deadline == nil)
        _ = progress.received(1, at: 50)
        _ = progress.received(1, at: 55)
        #expect(progress.deadline == 60)
        #expect(progress.timePassed(at: 60, unsentBytes: 0) == .refuse(.requestHead))
    }

    @Test func aHeadIsNotDueWhileTheAnswerBeforeItIsOnItsWay() {
        var progress = opened()
        progress.receivedHead(isUpdate: false, isLast: false, at: 1)
        progress.receivedEnd()
        _ = progress.received(1, at: 2)
        #expect(progress.deadline == nil)
        _ = progress.answerBegan(isLast: false)
        progress.answerEnded(at: 30)
        _ = progress.answerTaken(at: 30)
        #expect(progress.deadline == 40)
    }

    @Test func aMessageHasThirtySeconds() {
        var progress = opened()
        progress.receivedHead(isUpdate: false, isLast: false, at: 5)
        for second in 5..<35 { _ = progress.received(1_000, at: Double(second)) }
        #expect(progress.deadline == 35)
        #expect(progress.timePassed(at: 35, unsentBytes: 0) == .fail(.message))
        // It is said once.
        #expect(progress.deadline == nil)
        #expect(progress.answerBegan(isLast: false) == true)
    }

    @Test func anUpdateMayTakeLongerTheMoreComesIn() {
        var progress = opened()
        progress.receivedHead(isUpdate: true, isLast: false, at: 0)
        #expect(progress.deadline == 60)
        _ = progress.received(4_096 * 30, at: 50)
        #expect(progress.timePassed(at: 60, unsentBytes: 0) == .wait)
        #expect(progress.deadline == 90)
        #expect(progress.timePassed(at: 90, unsentBytes: 0) == .fail(.update))
    }

    @Test(arguments: [(false, false, true), (true, false, false), (true, true, true), (false, true, true)])
    func theAnswerIsTheLastUnlessTheBodyWasRead(isWhole: Bool, saysSo: Bool, isLast: Bool) {
        var progress = opened()
        progress.receivedHead(isUpdate: false, isLast: false, at: 0)
        if isWhole { progress.receivedEnd() }
        #expect(progress.answerBegan(isLast: saysSo) == isLast)
        progress.answerEnded(at: 1)
        progress.answerHeldUp(bytes: 5, at: 1)
        #expect(!progress.isLingering)
        #expect(progress.answerTaken(at: 2) == isLast)
        #expect(progress.isLingering == isLast)
    }

    @Test func aClientThatAsksForItHasItsLastAnswer() {
        var progress = opened()
        progress.receivedHead(isUpdate: false, isLast: true, at: 0)
        progress.receivedEnd()
        #expect(progress.answerBegan(isLast: false) == true)
    }

    @Test func theSecondOfTwoPipelinedRequestsDoesNotEndTheFirst() {
        var progress = opened()
        progress.receivedHead(isUpdate: false, isLast: false, at: 0)
        progress.receivedEnd()
        progress.receivedHead(isUpdate: false, isLast: false, at: 0)
        #expect(progress.answerBegan(isLast: false) == false)
        progress.answerEnded(at: 1)
        #expect(progress.answerTaken(at: 1) == false)
        #expect(progress.answerBegan(isLast: false) == true)
        progress.answerEnded(at: 2)
        #expect(progress.answerTaken(at: 2) == true)
    }

    @Test func aLingeringConnectionTakesSoManyBytesAndSeconds() {
        var progress = opened()
        progress.receivedHead(isUpdate: true, isLast: false, at: 0)
        _ = progress.answerBegan(isLast: false)
        progress.answerEnded(at: 1)
        #expect(progress.answerTaken(at: 1) == true)
        #expect(progress.deadline == 3)
        #expect(progress.received(1 << 20, at: 2) == false)
        let tooMany = progress.received(1, at: 2)
        #expect(tooMany == nil)
        #expect(progress.timePassed(at: 3, unsentBytes: 0) == .close(nil))
    }

    @Test func whoTakesNothingOfAnAnswerIsHungUpOn() {
        var progress = answeredOnce()
        progress.receivedHead(isUpdate: false, isLast: false, at: 10)
        progress.receivedEnd()
        _ = progress.answerBegan(isLast: false)
        progress.answerHeldUp(bytes: 100_000, at: 10)
        // Slow links are honest.
        #expect(progress.timePassed(at: 70, unsentBytes: 99_999) == .wait)
        #expect(progress.deadline == 130)
        progress.answerMoved(bytes: 50_000, at: 100)
        #expect(progress.deadline == 160)
        #expect(progress.timePassed(at: 160, unsentBytes: 50_000) == .close(.answer))
        progress.answerMoved(bytes: 0, at: 170)
        #expect(progress.deadline == nil)
    }
}
