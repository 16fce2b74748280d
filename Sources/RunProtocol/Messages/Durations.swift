// A clock may be set back between two moments: what lies between them is then unknown, not negative.

extension RunStatus {
    /// Seconds from the run's submission to its end, or to `time` where it goes on; 0 where a clock was set back.
    package func elapsed(at time: Double) -> Double { max(0, (finishedAt ?? time) - submittedAt) }

    /// Seconds from the run's submission to its end; nil where it goes on or a clock was set back.
    package var duration: Double? { finishedAt.flatMap { ($0 - submittedAt).asDuration } }
}

extension StageStatus {
    /// Seconds from the stage's start to its end; nil where one of them is missing or a clock was set back.
    package var duration: Double? { startedAt.flatMap { start in finishedAt.flatMap { ($0 - start).asDuration } } }

    /// Whether the round's weights are there, and with them all of its own figures. How long it took may be unknown.
    package func hasClosed(_ record: RoundRecord) -> Bool {
        record.round > 0
            && (record.seconds != nil || record.round < round
                || metrics.contains { $0.of == .weights && record.metrics[$0.name] != nil })
    }
}

extension RoundRecord {
    /// `seconds`; nil where a clock was set back.
    package var duration: Double? { seconds.flatMap(\.asDuration) }
}

extension Double { fileprivate var asDuration: Double? { self >= 0 ? self : nil } }
