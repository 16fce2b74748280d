import Coordination
import Glibc
import PrometheusMetrics
import RunProtocol

/// What Prometheus is told.
extension Coordinator {
    /// In the text format that `PrometheusText` writes.
    package func metrics() -> String {
        var figures = CoordinatorFigures(version: version, outputs: compiler.outputs)
        figures.isPaused = storage.reason != nil
        figures.leases = cluster.leases.values.reduce(0) { $0 + $1.count }
        figures.freeBytes = Self.freeBytes(at: uploadFolder)
        figures.refusedSeries = counters.factory.refusedSeries
        figures.runs = cluster.runs.compactMap { try? status(of: $0.id) }
        figures.facts = entries.mapValues(\.history.revision)
        figures.workers = workerStatuses()
        return PrometheusText.render(figures.families + ProcessFigures.families + counters.factory.families)
    }

    /// - Returns: nil where the system does not say.
    private static func freeBytes(at folder: String) -> Double? {
        var system = statvfs()
        guard statvfs(folder, &system) == 0 else { return nil }
        return Double(system.f_bavail) * Double(system.f_frsize)
    }
}
