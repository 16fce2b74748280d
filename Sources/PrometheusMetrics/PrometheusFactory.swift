package import CoreMetrics
import Synchronization

/// Where the metrics of swift-metrics are kept until Prometheus comes for them.
///
/// ```swift
/// let factory = PrometheusFactory(describing: [FamilyDescription("jobs_total", .counter, ["end"], "Jobs that ended.")])
/// Counter(label: "jobs_total", dimensions: [("end", "done")], factory: factory).increment()
/// let text = PrometheusText.render(factory.families)
/// ```
///
/// Counters get `_total` at the end of their name, timers `_seconds`, where they lack it; characters that Prometheus does
/// not know become `_`. The same name and labels are the same series, whoever asks for them.
package final class PrometheusFactory: MetricsFactory {
    /// How many series there may be; what is counted in further ones is lost.
    package static let defaultSeriesLimit = 20_000
    /// Of histograms that nobody has described: 1, 2, 5, 10, ... for what is recorded, milliseconds to minutes for timers.
    static let usualBuckets: [Double] = (0...6).flatMap { power in
        [1, 2, 5].map { $0 * (0..<power).reduce(1) { product, _ in product * 10 } }
    }
    static let usualSeconds = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 60, 300]

    private struct Family {
        var description: FamilyDescription
        var series: [[MetricLabel]: any MetricHolder] = [:]
    }

    private struct State {
        var families: [String: Family] = [:]
        var seriesCount = 0
        var refused = 0
    }

    private let descriptions: [String: FamilyDescription]
    private let seriesLimit: Int
    private let state = Mutex(State())

    /// - Parameter descriptions: what is known beforehand; other metrics have no help.
    package init(
        describing descriptions: [FamilyDescription] = [], seriesLimit: Int = PrometheusFactory.defaultSeriesLimit
    ) {
        self.descriptions = Dictionary(descriptions.map { ($0.name, $0) }) { first, _ in first }
        self.seriesLimit = seriesLimit
    }

    /// All metrics as they are now.
    package var families: [MetricFamily] {
        state.withLock { state in
            state.families.values.map { family in
                let series = family.series.map { MetricSeries(labels: $0.key, value: $0.value.value) }
                return MetricFamily(family.description, series: series)
            }
        }
    }

    /// How often a series was asked for that there was no room for, or that is of another kind than its name.
    package var refusedSeries: Int { state.withLock { $0.refused } }

    // MARK: Making

    package func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        holder(label, .counter, dimensions, suffix: "_total") { NumberHolder($0, $1, onlyGoesUp: true) }
    }

    package func makeFloatingPointCounter(
        label: String, dimensions: [(String, String)]
    ) -> any FloatingPointCounterHandler {
        holder(label, .counter, dimensions, suffix: "_total") { NumberHolder($0, $1, onlyGoesUp: true) }
    }

    package func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
        holder(label, .gauge, dimensions) { NumberHolder($0, $1, onlyGoesUp: false) }
    }

    package func makeRecorder(
        label: String, dimensions: [(String, String)], aggregate: Bool
    ) -> any RecorderHandler {
        guard aggregate else {
            return holder(label, .gauge, dimensions) { NumberHolder($0, $1, onlyGoesUp: false) }
        }
        return holder(label, .histogram, dimensions) { HistogramHolder($0, $1, else: Self.usualBuckets) }
    }

    package func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        holder(label, .histogram, dimensions, suffix: "_seconds") {
            HistogramHolder($0, $1, else: Self.usualSeconds)
        }
    }

    /// - Returns: the series with this name and these labels; one that nobody reads where there is no room for it or the
    ///   name means something else.
    private func holder<Holder: MetricHolder>(
        _ label: String, _ kind: FamilyDescription.Kind, _ dimensions: [(String, String)], suffix: String = "",
        make: (FamilyDescription, [MetricLabel]) -> Holder
    ) -> Holder {
        let valid = Self.valid(label, allowsColon: true)
        let name = valid.hasSuffix(suffix) ? valid : valid + suffix
        let labels = Self.labels(dimensions)
        let description =
            descriptions[name].flatMap { $0.kind == kind ? $0 : nil }
            ?? FamilyDescription(name, kind, labels.map(\.name), "")
        return state.withLock { state in
            let isOfItsKind = state.families[name].map { $0.description.kind == kind } ?? true
            if isOfItsKind, let known = state.families[name]?.series[labels] as? Holder { return known }
            let holder = make(description, labels)
            guard isOfItsKind, state.seriesCount < seriesLimit else {
                state.refused += 1
                return holder
            }
            state.seriesCount += 1
            state.families[name, default: Family(description: description)].series[labels] = holder
            return holder
        }
    }

    /// By name, each name once.
    private static func labels(_ dimensions: [(String, String)]) -> [MetricLabel] {
        var labels: [String: String] = [:]
        for (name, value) in dimensions {
            var name = valid(name, allowsColon: false)
            // The first is the name of a histogram's bounds; two underscores are Prometheus' own.
            if name == "le" || name.hasPrefix("__") { name = "label_" + name }
            labels[name] = labels[name] ?? value
        }
        return labels.map { MetricLabel(name: $0.key, value: $0.value) }.sorted()
    }

    /// A name of letters, digits and underscores that does not begin with a digit.
    private static func valid(_ name: String, allowsColon: Bool) -> String {
        let text = String(
            String.UnicodeScalarView(
                name.unicodeScalars.map { scalar in
                    switch scalar {
                    case "a"..."z", "A"..."Z", "0"..."9", "_": scalar
                    case ":" where allowsColon: scalar
                    default: "_"
                    }
                }))
        return text.first.map { $0.isNumber ? "_" + text : text } ?? "_"
    }

    // MARK: Destroying

    package func destroyCounter(_ handler: any CounterHandler) { forget(handler) }
    package func destroyFloatingPointCounter(_ handler: any FloatingPointCounterHandler) { forget(handler) }
    package func destroyMeter(_ handler: any MeterHandler) { forget(handler) }
    package func destroyRecorder(_ handler: any RecorderHandler) { forget(handler) }
    package func destroyTimer(_ handler: any TimerHandler) { forget(handler) }

    private func forget(_ handler: AnyObject) {
        guard let holder = handler as? any MetricHolder else { return }
        state.withLock { state in
            // It may never have been kept, or its name be somebody else's by now.
            guard state.families[holder.name]?.series[holder.labels] === holder else { return }
            state.families[holder.name]?.series[holder.labels] = nil
            state.seriesCount -= 1
            if state.families[holder.name]?.series.isEmpty == true { state.families[holder.name] = nil }
        }
    }
}
