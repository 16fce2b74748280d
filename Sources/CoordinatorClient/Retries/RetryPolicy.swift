/// How long a request is tried again after failures that may pass.
///
/// Pauses grow exponentially and are drawn at random from all of their range ("full jitter"), so that many workers
/// that lost the same coordinator do not come back in step.
package struct RetryPolicy: Hashable, Sendable {
    /// How long to keep trying, from the first attempt on.
    package var totalSeconds: Double

    package init(totalSeconds: Double) { self.totalSeconds = totalSeconds }

    package static let forEver = RetryPolicy(totalSeconds: .infinity)

    /// The first pause is drawn from 0 ..< this.
    package static let baseSeconds = 0.2
    /// No pause is drawn from a longer range than this.
    package static let longestSeconds = 10.0
    /// How much of a server's `Retry-After` is heeded.
    package static let longestRetryAfterSeconds = 30.0

    /// What to do after a failure that may pass.
    /// - Parameters:
    ///   - failures: how many attempts have failed in a row, from 1.
    ///   - elapsedSeconds: since the first attempt.
    ///   - retryAfterSeconds: what the server asked for.
    ///   - random: 0 ..< 1, drawn anew for each decision.
    package func decision(
        failures: Int, elapsedSeconds: Double, retryAfterSeconds: Double?, random: Double
    ) -> RetryDecision {
        // 2^20 times the base is far beyond the longest pause.
        let range = min(Self.longestSeconds, Self.baseSeconds * Double(1 << min(max(failures - 1, 0), 20)))
        let asked = retryAfterSeconds.map { min(max($0, 0), Self.longestRetryAfterSeconds) } ?? 0
        // Those who were all asked to wait equally long are still spread a little.
        let pause = asked > 0 ? asked + random * Self.baseSeconds : random * range
        return elapsedSeconds + pause <= totalSeconds ? .again(afterSeconds: pause) : .giveUp
    }
}

/// What to do after a failure that may pass.
package enum RetryDecision: Hashable, Sendable {
    case again(afterSeconds: Double)
    case giveUp
}

/// Why an attempt failed, and whether another one may do better.
struct AttemptFailure: Error {
    var cause: any Error
    var isTemporary = false
    var retryAfterSeconds: Double?
}

/// The attempts of one request so far.
struct Attempts {
    let policy: RetryPolicy
    private var start = ContinuousClock.now
    private var failures = 0

    init(_ policy: RetryPolicy) { self.policy = policy }

    /// Something was achieved: what failed before no longer counts.
    mutating func startOver() { self = Attempts(policy) }

    /// Whether to go on after `failure`, and after how long.
    mutating func decision(after failure: AttemptFailure) -> RetryDecision {
        guard failure.isTemporary else { return .giveUp }
        failures += 1
        return policy.decision(
            failures: failures, elapsedSeconds: (ContinuousClock.now - start) / .seconds(1),
            retryAfterSeconds: failure.retryAfterSeconds, random: Double.random(in: 0..<1))
    }
}
