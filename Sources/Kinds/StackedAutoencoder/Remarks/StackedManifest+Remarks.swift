import Glibc
import PrintableText
package import RunProtocol

extension StackedManifest {
    /// Features whose standard deviations differ by more than this are worth a remark.
    static let scaleRatio = 100.0
    /// A stage with fewer optimizer steps is worth a remark.
    static let fewSteps = 100

    /// What the data say, and what they say of the plan: known before anything is trained.
    package func remarks(for plan: StackedPlan) -> [Remark] {
        (remarks ?? []).map { Remark(.data, $0) } + classRemarks + featureRemarks(for: plan)
            + stepsRemarks(of: plan)
    }

    private func featureRemarks(for plan: StackedPlan) -> [Remark] {
        guard let features else { return [] }
        var found: [Remark] = []
        if features.constantCount > 0 {
            let names = features.constant.map(name(ofFeature:)).joined(separator: ", ")
            let others = features.constantCount - features.constant.count
            found.append(
                Remark(
                    .constantFeatures,
                    "\(features.constantCount) of \(inputSize) features are the same in every unlabeled sample"
                        + " (\(names)\(others > 0 ? " and \(others) more" : "")): there is nothing to learn in them;"
                        + " leave them out"))
        }
        if let text = scales(for: plan) {
            found.append(
                Remark(
                    .featureScales, "\(text): the error is that of the widest features; bring all to one scale first"))
        }
        return found
    }

    private var classRemarks: [Remark] {
        guard let missing = missingTestClasses, !missing.isEmpty else { return [] }
        let there = (0..<classes).filter { !missing.contains($0) }
        if there.count == 1, let only = there.first {
            return [
                Remark(
                    .missingClasses,
                    "all test samples are of class \(name(ofClass: only)): the test error says nothing of the others")
            ]
        }
        let names = missing.prefix(5).map(name(ofClass:)).joined(separator: ", ")
        let others = missing.count > 5 ? " and \(missing.count - 5) more" : ""
        return [
            Remark(
                .missingClasses,
                "no test sample is of class \(names)\(others): the test error says nothing of"
                    + " \(missing.count == 1 ? "it" : "them")")
        ]
    }

    /// Which features lie how far apart; nil where they do not, or where the loss does not depend on it.
    func scales(for plan: StackedPlan) -> String? {
        guard plan.autoencoderStages.contains(where: { $0.layer == 0 && $0.settings.loss == .meanSquaredError }),
            let features, let ratio = features.ratio, ratio > Self.scaleRatio, let narrow = features.narrowest,
            let wide = features.widest
        else { return nil }
        return "the features' scales differ by a factor of \(ratio.short): the standard deviation of"
            + " \(name(ofFeature: wide.feature)) is \(wide.deviation.short), that of"
            + " \(name(ofFeature: narrow.feature)) \(narrow.deviation.short)"
    }

    /// Such as `column 'age'`, or `feature 3`, counted from 1.
    func name(ofFeature index: Int) -> String {
        guard let columns, columns.indices.contains(index) else { return "feature \(index + 1)" }
        return "column '\(columns[index].printable(atMost: 40))'"
    }

    /// How many optimizer steps one replica of a stage takes from the stage's start to its end.
    func steps(of stage: AutoencoderStage) -> (text: String, count: Int) {
        let settings = stage.settings
        let largest = shards.map(\.count).max() ?? 0
        let batches = (largest + settings.batchSize - 1) / settings.batchSize
        let (inRound, overflow) = batches.multipliedReportingOverflow(by: settings.localEpochs)
        let (count, tooMany) = inRound.multipliedReportingOverflow(by: settings.rounds)
        var text = "\(settings.rounds.counted("round")) x \(batches) \(batches == 1 ? "batch" : "batches")"
        if settings.localEpochs > 1 { text += " x \(settings.localEpochs) local epochs" }
        return (text, overflow || tooMany ? .max : count)
    }

    /// Stages that take the same few steps have one remark.
    private func stepsRemarks(of plan: StackedPlan) -> [Remark] {
        var groups: [(names: [String], text: String, count: Int)] = []
        for stage in plan.autoencoderStages {
            let steps = steps(of: stage)
            guard (1..<Self.fewSteps).contains(steps.count) else { continue }
            if let same = groups.firstIndex(where: { $0.text == steps.text }) {
                groups[same].names.append(stage.name)
            } else {
                groups.append(([stage.name], steps.text, steps.count))
            }
        }
        return groups.map { names, text, count in
            let take = names.count > 1 ? "each take" : "takes"
            return Remark(
                .fewSteps,
                "\(names.joined(separator: ", ")) \(take) \(count.counted("step")) in all (\(text)): too few to learn much;"
                    + " use more rounds or local_epochs, a smaller batch_size or fewer shards")
        }
    }
}

extension StackedManifest {
    /// A classifier's training loss of at least this share of that of guessing has learnt next to nothing.
    private static let nearChance = 0.95

    /// What the losses of fine-tuning say.
    /// - Parameter results: of all trials, first those that started from pretrained weights.
    package func remarks(onFineTunings results: [TaskFigures], of settings: FineTuningSettings) -> [Remark] {
        let losses = results.prefix(draws.count).compactMap { $0.series["epochLosses"]?.last }
        guard classes > 1, !losses.isEmpty else { return [] }
        let (chance, loss) = (log(Double(classes)), losses.mean)
        guard loss >= Self.nearChance * chance else { return [] }
        return [
            Remark(
                .lossNearChance,
                "the pretrained classifiers' training loss ends at \(loss.short), where guessing among \(classes) classes"
                    + " has \(chance.short): they have hardly learnt their labels; try more than \(settings.epochs.counted("epoch")),"
                    + " a learning_rate above \(settings.optimizer.learningRate), less dropout, and look whether labels"
                    + " and samples belong together")
        ]
    }

    /// What the tests of all trials say of the classifiers.
    /// - Parameter results: of all trials, first the `count` that started from pretrained weights.
    package func remarks(onTests results: [TaskFigures], pretrained count: Int) -> [Remark] {
        let matrices = results.compactMap { $0.tables["confusion"] }
        guard let first = matrices.first, count > 0 else { return [] }
        let tested = first.map { $0.reduce(0, +) }
        let total = tested.reduce(0, +)
        guard total > 0 else { return [] }
        var found: [Remark] = []
        func errors(_ isPretrained: Bool) -> [Double] {
            (isPretrained ? results.prefix(count) : results.dropFirst(count))
                .compactMap { $0.tables["confusion"]?.errorRate }
        }
        let (pretrained, scratch) = (errors(true), errors(false))
        let frequent = tested.indices.max { tested[$0] < tested[$1] } ?? 0
        let guess = 1 - Double(tested[frequent]) / Double(total)
        if guess > 0, pretrained.mean >= guess {
            found.append(
                Remark(
                    .mostFrequentClass,
                    "the pretrained classifiers' test error, \(pretrained.mean.percent), is no better than that of always"
                        + " predicting the most frequent class, \(name(ofClass: frequent)): \(guess.percent); try class_weights:"
                        + " balanced, more labels or epochs, and look whether labels and samples belong together"))
        }
        let isWorse = pretrained.count >= 3 && zip(pretrained, scratch).allSatisfy { $0 > $1 }
        if isWorse, scratch.count == pretrained.count {
            found.append(
                Remark(
                    .scratchIsBetter,
                    "with each of the \(pretrained.count) draws the test error is lower from scratch"
                        + " (mean \(scratch.mean.percent)) than pretrained (\(pretrained.mean.percent)): pretraining does harm here;"
                        + " try more rounds, fewer layers, or a larger encoder_learning_rate"))
        }
        return found
    }

    private func name(ofClass index: Int) -> String {
        guard let classNames, classNames.indices.contains(index) else { return "\(index)" }
        return classNames[index].printable(atMost: 40)
    }
}

extension [Double] { fileprivate var mean: Double { isEmpty ? 0 : reduce(0, +) / Double(count) } }

extension Double {
    /// Such as `62.5 %`.
    fileprivate var percent: String { "\((self * 1000).rounded() / 10) %" }

    /// Four significant digits, where they are before the point all of them.
    var short: String {
        guard isFinite, self != 0 else { return "\(self)" }
        var (scale, rest) = (1.0, magnitude)
        while rest < 1000, scale < 1e12 { (scale, rest) = (scale * 10, rest * 10) }
        let rounded = (self * scale).rounded() / scale
        return rounded == rounded.rounded() && rounded.magnitude < 1e15 ? "\(Int(rounded))" : "\(rounded)"
    }
}
