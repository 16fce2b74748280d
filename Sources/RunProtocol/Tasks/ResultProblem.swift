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
        guard let index = part.firstOutOfRange else { return nil }
        let value = part[index].isFinite ? "\(part[index])" : "not finite"
        return .outOfRange(what: name(ofNumber: start + index), value: value)
    }

    package func problem(of figures: TaskFigures) -> ResultProblem? {
        if let problem = figures.outOfRange { return problem }
        guard [figures.seconds, figures.preparationSeconds ?? 0].allSatisfy({ $0.isFinite && $0 >= 0 }) else {
            return .malformed("its seconds are not a length of time")
        }
        let samples = work.expectedSamples
        guard figures.samples == samples else {
            return .malformed("it speaks of \(figures.samples) samples, not \(samples)")
        }
        let needsError = work.measures.contains { if case .reconstruction = $0 { true } else { false } }
        guard (figures.reconstructionError != nil) == needsError, needsError || figures.meanError == nil else {
            return .malformed("a figure is missing or too many")
        }
        guard figures.epochLosses?.count ?? 0 <= Limits.curvePoints else {
            return .malformed("it tells the losses of too many epochs")
        }
        if case .train(let work) = work, let problem = work.problem(of: figures) { return problem }
        return work.problem(ofConfusion: figures.confusion)
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
    /// The first of an update's numbers that is not finite, or beyond ± `Limits.updateMagnitude`.
    package var firstOutOfRange: Int? {
        let limit = Limits.updateMagnitude
        // Without a way out of the loop several numbers are looked at together.
        let count = withUnsafeBufferPointer { $0.reduce(0) { $0 + ($1.magnitude <= limit ? 0 : 1) } }
        return count > 0 ? firstIndex { !($0.magnitude <= limit) } : nil
    }
}

extension TaskFigures {
    /// The first figure that is not finite or too large in magnitude.
    package var outOfRange: ResultProblem? {
        let measured = [
            ("the loss", loss), ("the reconstruction error", reconstructionError),
            ("the error of predicting the mean", meanError),
            ("the share of active units", activeShare), ("the share of kept units", keptShare),
        ]
        let figures = measured + (epochLosses ?? []).map { ("the loss of an epoch", $0) }
        for case (let what, let value?) in figures where !(value.magnitude < Limits.figureMagnitude) {
            return .outOfRange(what: what, value: value.isFinite ? "\(value)" : "not finite")
        }
        return samples >= 0 ? nil : .malformed("it speaks of \(samples) samples")
    }
}

extension Work {
    /// How many samples its result speaks of: epochs count each time.
    fileprivate var expectedSamples: Int {
        if case .train(let work) = self { work.data.count * work.settings.epochs } else { data.count }
    }

    fileprivate var measures: [EvaluateWork.Measure] {
        if case .evaluate(let work) = self { work.measures } else { [] }
    }

    fileprivate func problem(ofConfusion matrix: [[Int]]?) -> ResultProblem? {
        let field = measures.lazy.compactMap { if case .confusion(_, let field) = $0 { field } else { nil } }.first
        guard let field else { return matrix == nil ? nil : .malformed("it has a confusion matrix") }
        let classes = data[field]?.classes ?? 0
        guard let matrix, matrix.count == classes, matrix.allSatisfy({ $0.count == classes }),
            matrix.joined().allSatisfy({ (0...data.count).contains($0) }),
            matrix.joined().reduce(0, +) == data.count
        else {
            return .malformed("its confusion matrix does not count \(data.count) samples in \(classes) classes")
        }
        return nil
    }
}

extension TrainWork {
    fileprivate func problem(of figures: TaskFigures) -> ResultProblem? {
        let (guesses, unlabeled) = (figures.pseudoLabels ?? [], self.unlabeled.reduce(0) { $0 + $1.count })
        guard guesses.count == settings.pseudoLabels?.rounds ?? 0,
            guesses.allSatisfy({ (0...unlabeled).contains($0) })
        else { return .malformed("its numbers of guessed labels are not those of its rounds") }
        guard (0...data.count).contains(figures.validationErrors ?? 0) else {
            return .malformed("it speaks of \(figures.validationErrors ?? 0) errors on \(data.count) examples")
        }
        return nil
    }
}
