import CoordinatorClient
import Testing

@Suite struct RetryPolicyTests {
    private func pause(
        _ failures: Int, elapsed: Double = 0, retryAfter: Double? = nil, random: Double = 0.5,
        policy: RetryPolicy = .forEver
    ) -> Double? {
        let decision = policy.decision(
            failures: failures, elapsedSeconds: elapsed, retryAfterSeconds: retryAfter, random: random)
        guard case .again(let seconds) = decision else { return nil }
        return seconds
    }

    @Test func pausesDoubleUpToTheLongest() {
        #expect((1...8).map { pause($0) } == [0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 5, 5])
        #expect(pause(Int.max) == 5)
        #expect(pause(0) == 0.1)
    }

    @Test func allOfTheRangeIsUsed() {
        #expect(pause(3, random: 0) == 0)
        #expect(pause(3, random: 0.999)! > 0.79)
    }

    @Test func theServersWishIsHeededWithinReason() {
        #expect(pause(1, retryAfter: 3, random: 0) == 3)
        #expect(pause(1, retryAfter: 3, random: 0.5) == 3.1)
        #expect(pause(1, retryAfter: 86_400, random: 0) == 30)
        #expect(pause(1, retryAfter: -1) == 0.1)
    }

    @Test func itEnds() {
        let policy = RetryPolicy(totalSeconds: 60)
        #expect(pause(9, elapsed: 54, policy: policy) == 5)
        #expect(pause(9, elapsed: 56, policy: policy) == nil)
        #expect(pause(1, elapsed: 40, retryAfter: 25, policy: policy) == nil)
        #expect(pause(1, elapsed: 0.001, policy: RetryPolicy(totalSeconds: 0)) == nil)
        #expect(pause(9, elapsed: 1e9) == 5)
    }
}
