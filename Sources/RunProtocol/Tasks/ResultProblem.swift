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
        let (samples, classes) = (work.countedSamples, work.classes)
        guard [figures.seconds, figures.preparationSeconds ?? 0].allSatisfy({ $0.isFinite && $0 >= 0 }) else {
            return .malformed("its seconds are not a length of time")
        }
        guard figures.samples == samples else {
            return .malformed("it speaks of \(figures.samples) samples, not \(samples)")
        }
        if let problem = work.problem(ofNamesIn: figures) { return problem }
        if case .fineTune(let work) = work, let problem = work.problem(of: figures) { return problem }
        guard let classes else { return nil }
        let isCounted = work.outputs.tables.allSatisfy { description in
            guard let table = figures.tables[description.name] else { return false }
            return table.count == classes && table.allSatisfy { $0.count == classes }
                && table.joined().allSatisfy { (0...samples).contains($0) } && table.joined().reduce(0, +) == samples
        }
        return isCounted
            ? nil : .malformed("its confusion matrix does not count \(samples) samples in \(classes) classes")
    }

    /// `the change of encoder.0.weight`.
    private func name(ofNumber index: Int) -> String {
        let (what, parameters): (String, [ParameterSpec]) =
            switch work {
            case .pretrain(let work):
                ("the change of", work.network.autoencoderParameters(first: work.layer, decoders: work.decoders))
            case .fineTune(let work):
                ("the weight in", work.network.classifierParameters(classes: work.classes))
            case .measureReconstruction, .classify: ("number \(index) of", [])
            }
        var rest = index
        for parameter in parameters {
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
    fileprivate var countedSamples: Int {
        switch self {
        case .pretrain(let work): work.samples.count * work.settings.localEpochs
        case .measureReconstruction(let work): work.samples.count
        case .fineTune(let work): work.samples.count * work.settings.epochs
        case .classify(let work): work.samples.count
        }
    }

    fileprivate var classes: Int? {
        if case .classify(let work) = self { work.classes } else { nil }
    }

    /// Values of a result that its stage does not describe: they are kept, and shown nowhere.
    private var undescribed: Set<String> {
        if case .fineTune = self { ["pseudoLabels", "validationErrors"] } else { [] }
    }

    private var isMeasurement: Bool {
        if case .measureReconstruction = self { true } else { false }
    }

    /// Whether the result has the values that its stage describes, and no others, each in its range.
    fileprivate func problem(ofNamesIn figures: TaskFigures) -> ResultProblem? {
        let outputs = outputs
        let described = outputs.metrics.map(\.resultKey) + outputs.series.map(\.resultKey) + outputs.tables.map(\.name)
        let found = Array(figures.metrics.keys) + figures.series.keys + figures.tables.keys
        if let name = found.filter({ !described.contains($0) && !undescribed.contains($0) }).min() {
            return .malformed("it has a value that its task does not ask for: \(name)")
        }
        let baselines = outputs.metrics.compactMap(\.baseline)
        for metric in outputs.metrics {
            let value = figures.metrics[metric.resultKey]
            // Only a measurement has what decides, and what that is compared with; and it must have what decides.
            let isOfMeasurements = metric.decides || baselines.contains(metric.name)
            guard value == nil ? !(metric.decides && isMeasurement) : isMeasurement || !isOfMeasurements else {
                return .malformed("a figure is missing or too many: \(metric.resultKey)")
            }
            if let value, !metric.allows(value) {
                return .malformed("its \(metric.title) is \(value), out of its range")
            }
        }
        let isTooLong = outputs.series.contains { figures.series[$0.resultKey]?.count ?? 0 > Limits.curvePoints }
        return isTooLong ? .malformed("one of its series has more than \(Limits.curvePoints) values") : nil
    }
}

extension FineTuneWork {
    fileprivate func problem(of figures: TaskFigures) -> ResultProblem? {
        let (guesses, unlabeled) = (figures.series["pseudoLabels"] ?? [], self.unlabeled.reduce(0) { $0 + $1.count })
        guard guesses.count == settings.pseudoLabels?.rounds ?? 0,
            guesses.allSatisfy({ $0.isCount(atMost: unlabeled) })
        else { return .malformed("its numbers of pseudo-labels are not those of its rounds") }
        let errors = figures.metrics["validationErrors"] ?? 0
        guard errors.isCount(atMost: samples.count) else {
            return .malformed("it speaks of \(errors) errors on \(samples.count) examples")
        }
        return nil
    }
}

extension Double {
    fileprivate func isCount(atMost most: Int) -> Bool { self >= 0 && self <= Double(most) && self == rounded() }
}
