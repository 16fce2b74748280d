/// What a coordinator shows to those who watch.
///
/// Methods throw `APIError` whenever the request cannot be met.
package protocol CoordinatorViews: Sendable {
    /// What has changed since `cursor`, as soon as something has or `waitSeconds` are over; all where it is nil or another
    /// process of the coordinator gave it.
    /// - Parameter run: whose rounds, tasks and events are told besides what is told of all runs and workers.
    func live(of run: RunID?, after cursor: LiveCursor?, waitSeconds: Double) async throws -> LiveUpdate
    /// The plan's YAML as it was submitted.
    func planText(of run: RunID) async throws -> String
    /// A PNG of what a run has learnt so far.
    /// - Parameters:
    ///   - name: of one of the run's views.
    ///   - stage: nil for the last one that has weights.
    /// - Throws: `.notFound` whenever the run has no such view; `.conflict` whenever there is nothing to draw yet.
    func picture(_ name: String, stage: Int?, of run: RunID) async throws -> [UInt8]
    /// - Throws: as `picture`.
    func codeMap(of run: RunID) async throws -> CodeMap
    /// - Throws: as `picture`.
    func mistakes(of run: RunID) async throws -> Mistakes
    /// The coordinator's figures in Prometheus' text format.
    func metrics() async -> String
    /// Why it takes no work from workers, where that is so.
    func reasonToPause() async -> String?
}
