import CoreMetrics
import Synchronization

/// A series that is counted in.
protocol MetricHolder: AnyObject, Sendable {
    var name: String { get }
    var labels: [MetricLabel] { get }
    var value: MetricSeries.Value { get }
}

/// One number: a counter or a gauge. What is not finite is passed over; so is a step down where it only goes up.
final class NumberHolder: MetricHolder, CounterHandler, FloatingPointCounterHandler, MeterHandler, RecorderHandler {
    let name: String
    let labels: [MetricLabel]
    private let onlyGoesUp: Bool
    private let number = Mutex(0.0)

    init(_ description: FamilyDescription, _ labels: [MetricLabel], onlyGoesUp: Bool) {
        name = description.name
        (self.labels, self.onlyGoesUp) = (labels, onlyGoesUp)
    }

    var value: MetricSeries.Value { .number(number.withLock { $0 }) }
    func increment(by amount: Int64) { increment(by: Double(amount)) }

    func increment(by amount: Double) {
        guard amount.isFinite, amount >= 0 || !onlyGoesUp else { return }
        number.withLock { $0 += amount }
    }

    func decrement(by amount: Double) { increment(by: -amount) }
    func reset() { number.withLock { $0 = 0 } }
    func set(_ value: Int64) { set(Double(value)) }
    func set(_ value: Double) { number.withLock { $0 = value } }
    func record(_ value: Int64) { set(value) }
    func record(_ value: Double) { set(value) }
}

/// Many numbers, counted by size.
final class HistogramHolder: MetricHolder, RecorderHandler, TimerHandler {
    let name: String
    let labels: [MetricLabel]
    private let histogram: Mutex<Histogram>

    /// - Parameter buckets: where the description has none.
    init(_ description: FamilyDescription, _ labels: [MetricLabel], else buckets: [Double]) {
        name = description.name
        self.labels = labels
        let bounds = description.buckets.isEmpty ? buckets : description.buckets
        histogram = Mutex(Histogram(bounds: bounds))
    }

    var value: MetricSeries.Value { .histogram(histogram.withLock { $0 }) }
    func record(_ value: Int64) { record(Double(value)) }

    func record(_ value: Double) {
        guard value.isFinite else { return }
        histogram.withLock { $0.add(value) }
    }

    func recordNanoseconds(_ duration: Int64) { record(Double(duration) / 1e9) }
}
