package import RunProtocol

/// What waits while something cannot be written down, or is damaged: decisions in their order, and runs' steps.
///
/// What was not written down has not happened, so from the first decision on that could not be written all wait, and
/// none overtakes it. Methods are past-tense events; `nextAction` says what the shell has to do.
package struct StoragePause: Sendable {
    /// How many seconds pass at most until the storage is looked at again.
    package static let longestPatience = 30

    /// A step that a run asked for.
    package struct PendingStep: Hashable, Sendable {
        package let step: RunState.Step
        package let run: RunID

        package init(_ step: RunState.Step, of run: RunID) { (self.step, self.run) = (step, run) }
    }

    /// What the shell does next.
    package enum Action: Hashable, Sendable {
        /// Carry the decision out: `factWritten` or `writeFailed` says whether what it writes is written.
        case carryOut(Decision)
        /// Tell people that the pause is over.
        case tellResumed
        case perform(PendingStep)
    }

    private enum Phase: Hashable {
        case writing
        /// All that was decided is carried out first.
        case resuming
        case paused(reason: String)
        /// For good: another process owns the storage, or nobody is waited for.
        case ended
    }

    private var phase = Phase.writing
    private var decisions: [Decision] = []
    private var steps: [PendingStep] = []
    /// Runs that need something which is damaged.
    private var damagedRuns: Set<RunID> = []
    /// How often a pause of all or of one run has begun, gone on for another reason, or ended.
    package private(set) var changes = 0
    /// How many seconds this pause lasts until it is looked at: more and more, as long as nothing can be written.
    package private(set) var patience = 0
    private var secondsPaused = 0

    package init() {}

    /// Why nothing can be written; nil where it can.
    package var reason: String? { if case .paused(let reason) = phase { reason } else { nil } }

    /// Whether what is decided now is carried out now.
    package var isWriting: Bool { phase == .writing || phase == .resuming }

    // MARK: What happened

    package mutating func decided(_ new: [Decision]) { decisions += new }

    /// A run's fact is on the disk: if the next write fails, it is tried again soon.
    package mutating func factWritten() { patience = 0 }

    /// - Parameter decision: what could not be carried out for that, if anything: it is the first to be tried again.
    /// - Returns: whether a pause begins with it.
    package mutating func writeFailed(because reason: String, in decision: Decision? = nil) -> Bool {
        if let decision { decisions.insert(decision, at: 0) }
        guard isWriting else { return false }
        phase = .paused(reason: reason)
        changes += 1
        patience = min(2 * patience + 1, Self.longestPatience)
        secondsPaused = 0
        return true
    }

    /// Nothing will be written any more.
    package mutating func writingEnded() { phase = .ended }

    /// - Returns: whether it is time to see whether the storage can be written; where it can, `storageMended` follows.
    package mutating func secondPassed() -> Bool {
        guard case .paused = phase else { return false }
        secondsPaused += 1
        return secondsPaused >= patience
    }

    package mutating func storageMended() {
        guard case .paused = phase else { return }
        phase = .resuming
        changes += 1
    }

    /// A step cannot be performed as long as nothing can be written, or its run is damaged.
    package mutating func stepPostponed(_ step: PendingStep) { steps.append(step) }

    package mutating func damageFound(in run: RunID) {
        damagedRuns.insert(run)
        changes += 1
    }

    package mutating func damageMended(in run: RunID) {
        damagedRuns.remove(run)
        changes += 1
    }

    // MARK: What follows

    /// What to do now, nil where there is nothing: decisions in their order, then the steps that need not wait any more.
    package mutating func nextAction() -> Action? {
        guard isWriting else { return nil }
        if !decisions.isEmpty { return .carryOut(decisions.removeFirst()) }
        if phase == .resuming {
            phase = .writing
            return .tellResumed
        }
        return steps.firstIndex { !damagedRuns.contains($0.run) }.map { .perform(steps.remove(at: $0)) }
    }
}
