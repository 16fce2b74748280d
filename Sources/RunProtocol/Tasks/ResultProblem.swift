/// Why a result cannot count.
package enum ResultProblem: Error, Hashable, Sendable, CustomStringConvertible {
    /// A number that follows from the task is out of range: training has diverged.
    case outOfRange(what: String, value: String)
    /// It is no answer to the task: the program that made it, or the way it took, is to blame.
    case malformed(String)

    package var description: String {
        switch self {
        case .outOfRange(let what, let value): "\(what) is \(value): the training has diverged"
        case .malformed(let text): text
        }
    }
}

/// What a result may contain. Workers ask before they send a result, the coordinator before it counts one: so what a
/// plan leads to is never refused, and what is refused was made wrong or changed on its way.
extension TaskDescription {
    package func problem(of result: TaskResult) -> ResultProblem? {
        problem(ofCount: result.vector.count) ?? problem(of: result.vector, from: 0) ?? problem(of: result.figures)
    }

    package func problem(ofCount count: Int) -> ResultProblem? {
        count == elementCount
            ? nil : .malformed("the update has \(count) numbers; its task has \(elementCount)")
    }

    /// - Parameters:
    ///   - part: a part of the result's numbers.
    ///   - start: where it begins.
    package func problem(of part: [Float], from start: Int) -> ResultProblem? {
        // Only what is averaged has to fit into an exact sum.
        let limit = if case .train = work { Limits.updateMagnitude } else { Float.greatestFiniteMagnitude }
        guard let index = part.firstOutOfRange(limit) else { return nil }
        let value = part[index].isFinite ? "\(part[index])" : "not finite"
        return .outOfRange(what: name(ofNumber: start + index), value: value)
    }

    package func problem(of figures: TaskFigures) -> ResultProblem? {
        if let problem = figures.outOfRange { return problem }
        guard [figures.seconds, figures.preparationSeconds ?? 0].allSatisfy({ $0.isFinite && $0 >= 0 })
        else { return .malformed("its seconds are not a length of time") }
        let samples = work.expectedSamples
        guard figures.samples == samples
        else { return .malformed("it speaks of \(figures.samples) samples, not \(samples)") }
        return work.expectation.problem(of: figures)
    }

    /// `the change of encoder.0.weight`.
    private func name(ofNumber index: Int) -> String {
        guard case .train(let work) = work else { return "number \(index) of the result" }
        let what = work.returned == .change ? "the change of" : "the weight in"
        var rest = index
        for parameter in work.graph.parameters {
            if rest < parameter.count { return "\(what) \(parameter.name)" }
            rest -= parameter.count
        }
        return "\(what) the update"
    }
}

extension [Float] {
    /// The first of an update's numbers that is not finite, or beyond ± `limit`.
    package func firstOutOfRange(_ limit: Float = Limits.updateMagnitude) -> Int? {
        // Without a way out of the loop several numbers are looked at together.
        let count = withUnsafeBufferPointer { $0.reduce(0) { $0 + ($1.magnitude <= limit ? 0 : 1) } }
        return count > 0 ? firstIndex { !($0.magnitude <= limit) } : nil
    }
}

extension TaskFigures {
    /// The first value that is not finite or too large in magnitude.
    package var outOfRange: ResultProblem? {
        let values =
            metrics.sorted { $0.key < $1.key }.map { ("the ", $0.key, $0.value) }
            + series.sorted { $0.key < $1.key }.flatMap { name, list in list.map { ("one of the ", name, $0) } }
        for (article, name, value) in values where !(value.magnitude < Limits.figureMagnitude) {
            let value = value.isFinite ? "\(value)" : "not finite"
            return .outOfRange(what: article + name.words(separatedBy: " "), value: value)
        }
        return samples >= 0 ? nil : .malformed("it speaks of \(samples) samples")
    }
}

extension Work {
    /// How many samples its result speaks of: epochs count each time.
    fileprivate var expectedSamples: Int {
        switch self {
        case .train(let work): work.data.count * work.settings.epochs
        case .evaluate, .encode: data.count
        case .fit(let work): work.sets.reduce(0) { $0 + $1.count }
        }
    }
}
