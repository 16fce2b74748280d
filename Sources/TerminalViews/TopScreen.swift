package import RunProtocol

/// A coordinator's workers: what they do, how fast, and what came of their tasks. What `cairn top` shows.
package struct TopScreen: Sendable {
    private let information: CoordinatorInformation
    private let address: String
    private let notice: String?

    /// - Parameters:
    ///   - address: where the coordinator is.
    ///   - notice: why what is shown may be old.
    package init(_ information: CoordinatorInformation, at address: String, notice: String? = nil) {
        (self.information, self.address, self.notice) = (information, address, notice)
    }

    /// At most `size.rows` lines of at most `size.columns` columns.
    package func lines(in size: ScreenSize) -> [Line] {
        let workers = information.workers
        let name = Line(address.displayable(), .strong) + "  cairn \(information.version.displayable(atMost: 20))"
        let slots = workers.reduce(0) { $0.addingReportingOverflow($1.registration.slots).partialValue }
        var counts = [
            Line(Figure.count(workers.count, "worker"), workers.isEmpty ? .warning : .plain),
            Line(Figure.count(slots, "slot")),
        ]
        for state in [WorkerStatus.State.working, .idle, .stalled, .silent, .quarantined, .lost, .left] {
            let count = workers.count { $0.state == state }
            if count > 0 { counts.append(Line("\(count) \(state.rawValue)", state.style)) }
        }
        var lines = [name.cut(to: size.columns)]
        if let notice { lines.append(Line(notice.displayable(atMost: 300), .warning).cut(to: size.columns)) }
        lines.append(counts.joined().cut(to: size.columns))
        let table = WorkerTable(workers).lines(width: size.columns, height: size.rows - lines.count - 1)
        if !table.isEmpty { lines += [Line()] + table }
        return Array(lines.prefix(size.rows))
    }
}
