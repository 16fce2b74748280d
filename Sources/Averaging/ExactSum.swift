import RunProtocol

/// The sum of updates, each weighted by its number of samples: exact, so that neither the order in which they came nor
/// the way in which partial sums were put together changes a bit.
///
/// ```swift
/// var sum = ExactSum(elementCount: weights.count, totalSamples: 60_000)
/// for update in updates { try sum.add(update.vector, samples: update.figures.samples) }
/// let delta = sum.mean()
/// ```
package struct ExactSum: Hashable, Sendable {
    package let fixedPoint: FixedPoint
    /// Of the updates added so far.
    package private(set) var samples = 0
    private var totals: [Int64]
    private let totalSamples: Int

    /// - Parameters:
    ///   - elementCount: how many numbers each update has.
    ///   - totalSamples: what the samples of all updates will add up to, at most.
    package init(elementCount: Int, totalSamples: Int) {
        fixedPoint = FixedPoint(totalSamples: totalSamples)
        self.totalSamples = totalSamples
        totals = [Int64](repeating: 0, count: elementCount)
    }

    /// Adds `vector`, `samples` times.
    /// - Throws: `RefusedUpdate` whenever a number is not finite or too large, the shape is another, or the samples are
    ///   not those of the round. The sum is then as it was.
    package mutating func add(_ vector: [Float], samples: Int) throws(RefusedUpdate) {
        try RefusedUpdate.check(vector, elementCount: totals.count)
        try count(samples)
        add(vector, at: 0, times: samples)
    }

    /// Adds an update that comes in parts, so that no more than a part of it is in memory.
    ///
    /// ```swift
    /// try sum.add(elementCount: file.elementCount, samples: samples) { add in try file.forEachPart(add) }
    /// ```
    /// - Throws: as above, and what `parts` throws. A part that was refused may leave those before it in the sum, which is
    ///   then of no use.
    package mutating func add(
        elementCount: Int, samples: Int, parts: ((_ part: [Float], _ start: Int) throws -> Void) throws -> Void
    ) throws {
        guard elementCount == totals.count
        else { throw RefusedUpdate.wrongCount(found: elementCount, expected: totals.count) }
        try count(samples)
        try parts { part, start in
            try RefusedUpdate.check(part, from: start)
            add(part, at: start, times: samples)
        }
    }

    private mutating func count(_ samples: Int) throws(RefusedUpdate) {
        guard samples >= 1, self.samples + samples <= totalSamples
        else { throw RefusedUpdate.wrongSamples(samples) }
        self.samples += samples
    }

    private mutating func add(_ part: [Float], at start: Int, times samples: Int) {
        let fixedPoint = fixedPoint
        part.withUnsafeBufferPointer { part in
            totals.withUnsafeMutableBufferPointer { totals in
                let place = UnsafeMutableBufferPointer(rebasing: totals[start..<start + part.count])
                fixedPoint.add(part, times: Int64(samples), to: place)
            }
        }
    }

    /// Adds a partial sum of the same round.
    package mutating func add(_ other: ExactSum) {
        precondition(other.totals.count == totals.count && other.fixedPoint == fixedPoint, "sums of two rounds")
        precondition(samples + other.samples <= totalSamples, "more samples than the round has")
        for index in totals.indices { totals[index] += other.totals[index] }
        samples += other.samples
    }

    /// The mean over all samples: the only division, and the only rounding after each update's own.
    package func mean() -> [Float] {
        precondition(samples > 0, "a mean of no update")
        let divisor = fixedPoint.scale * Double(samples)
        return totals.map { Float(Double($0) / divisor) }
    }
}

/// Why an update cannot be added.
package enum RefusedUpdate: Error, Hashable, Sendable, CustomStringConvertible {
    case wrongCount(found: Int, expected: Int)
    case notFinite(index: Int)
    case tooLarge(index: Int, value: Float)
    case wrongSamples(Int)

    package var description: String {
        switch self {
        case .wrongCount(let found, let expected): "the update has \(found) numbers; its task has \(expected)"
        case .notFinite(let index): "number \(index) of the update is not finite: the training has diverged"
        case .tooLarge(let index, let value):
            "number \(index) of the update is \(value); at most ±\(Limits.updateMagnitude) is accepted"
        case .wrongSamples(let samples): "the update speaks of \(samples) samples, which its task does not have"
        }
    }

    /// Checks a vector before anything is done with it.
    package static func check(_ vector: [Float], elementCount: Int) throws(RefusedUpdate) {
        guard vector.count == elementCount
        else { throw .wrongCount(found: vector.count, expected: elementCount) }
        try check(vector, from: 0)
    }

    /// Checks the numbers of an update from number `start` on.
    package static func check(_ part: [Float], from start: Int) throws(RefusedUpdate) {
        guard let index = part.firstOutOfRange() else { return }
        let value = part[index]
        throw value.isFinite ? .tooLarge(index: start + index, value: value) : .notFinite(index: start + index)
    }
}
