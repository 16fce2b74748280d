/// Which run a person means: by its own name, the beginning of that, its plan's name, or `latest`.
package enum RunChoice: Hashable, Sendable {
    case run(RunID)
    case none
    /// It could be any of these, the newest first.
    case several([RunID])

    /// - Parameters:
    ///   - text: what was typed; the `run-` of a run's name may be left out.
    ///   - runs: the newest first.
    package init(_ text: String, among runs: [(id: RunID, name: String)]) {
        if text == "latest" {
            self = runs.first.map { .run($0.id) } ?? .none
            return
        }
        if let exact = runs.first(where: { $0.id.rawValue == text }) {
            self = .run(exact.id)
            return
        }
        let named = runs.filter { $0.name == text }
        let begun =
            text.isEmpty
            ? [] : runs.filter { $0.id.rawValue.hasPrefix(text) || $0.id.rawValue.hasPrefix("run-" + text) }
        let meant = (named.isEmpty ? begun : named).map(\.id)
        self = meant.count > 1 ? .several(meant) : meant.first.map { .run($0) } ?? .none
    }
}
