package import RunProtocol

extension AutoencoderStage {
    /// An error of at least this share of that of predicting the mean is hardly better.
    private static let hardlyBetter = 0.95

    /// More dead units than this share of a code are worth a remark.
    private static let manyDead = 0.5
    /// An error that falls by less than this share of itself has hardly fallen.
    private static let hardlyFalls = 0.005
    /// So many rounds at least must bring nothing.
    private static let plateauRounds = 5

    /// What a stage that has ended says of itself: of its errors, its code and its rounds.
    /// - Parameter status: with all its rounds.
    package func remarks(on status: StageStatus, of plan: StackedPlan, _ manifest: StackedManifest) -> [Remark] {
        let ofErrors = errorRemarks(on: status, of: plan, manifest)
        guard !ofErrors.contains(where: { $0.kind == .deadUnits }) else { return ofErrors }
        return ofErrors + deadUnitsRemarks(on: status, of: plan) + (ofErrors.isEmpty ? plateauRemarks(on: status) : [])
    }

    private func deadUnitsRemarks(on status: StageStatus, of plan: StackedPlan) -> [Remark] {
        let top = plan.layers[layer + decoders.count - 1].units
        guard let dead = status.history.last(where: { $0.deadUnits != nil })?.deadUnits,
            Double(dead) > Self.manyDead * Double(top)
        else { return [] }
        var ways = settings.revivesDeadUnits ? [] : ["revive_dead_units: true"]
        if settings.l1 > 0 { ways.append("an l1 below \(settings.l1)") }
        ways += ["a learning_rate below \(settings.optimizer.learningRate)", "fewer units"]
        return [
            Remark(
                .deadUnits,
                "\(name): \(dead) of \(top) units are dead: no held-out sample makes them active, so the code is smaller"
                    + " than it looks; try \(ways.dropLast().joined(separator: ", ")) or \(ways[ways.count - 1])")
        ]
    }

    private func plateauRemarks(on status: StageStatus) -> [Remark] {
        let errors = status.history.compactMap { record in record.heldOutError.map { (record.round, $0) } }
        guard settings.earlyStopping == nil, let last = errors.last, let best = errors.map(\.1).min(),
            best > 0, let reached = errors.first(where: { $0.1 <= best / (1 - Self.hardlyFalls) }),
            last.0 - reached.0 >= max(Self.plateauRounds, last.0 / 2)
        else { return [] }
        return [
            Remark(
                .plateau,
                "the held-out error of \(name) has hardly fallen since round \(reached.0) of \(last.0) (from"
                    + " \(reached.1.short) to \(best.short) at best): patience: 3 ends such a stage sooner; a lower"
                    + " learning_rate or a schedule may bring it further down")
        ]
    }

    /// At most one remark, since one cause has several effects.
    private func errorRemarks(on status: StageStatus, of plan: StackedPlan, _ manifest: StackedManifest) -> [Remark] {
        let measured = status.history.filter { $0.heldOutError != nil }
        // Early stopping keeps the best weights.
        let kept =
            settings.earlyStopping == nil
            ? measured.last : measured.min { ($0.heldOutError ?? 0) < ($1.heldOutError ?? 0) }
        guard let kept, let error = kept.heldOutError else { return [] }
        let top = plan.layers[layer + decoders.count - 1].units
        let isDead = kept.deadUnits == top
        let mean = status.meanError.map { "predicting each feature's mean, \($0.short)" } ?? ""
        let of = trainedLayers.count > 1 ? "the code of \(name)" : name
        if isDead {
            let then = status.meanError.map { _ in "; the held-out error is \(error.short), that of \(mean)" } ?? ""
            return [
                Remark(
                    .deadUnits,
                    "\(of): all \(top) units are dead, so the code says nothing of a sample\(then)"
                        + ending(causes(status, plan, manifest)))
            ]
        }
        guard let meanError = status.meanError else { return [] }
        if error >= meanError {
            return [
                Remark(
                    .worseThanMean,
                    "the held-out error of \(name), \(error.short), is \(error == meanError ? "that" : "worse than that") of"
                        + " \(mean): the result is of no use" + ending(causes(status, plan, manifest)))
            ]
        }
        guard error >= Self.hardlyBetter * meanError else { return [] }
        return [
            Remark(
                .hardlyBetterThanMean,
                "the held-out error of \(name), \(error.short), is hardly better than that of \(mean)"
                    + ending(causes(status, plan, manifest)))
        ]
    }

    private func inputSize(_ plan: StackedPlan, _ manifest: StackedManifest) -> Int {
        manifest.network(of: plan.layers).inputSize(ofLayer: layer)
    }

    private func ending(_ causes: [String]) -> String {
        causes.isEmpty ? "" : "; likely causes: " + causes.joined(separator: "; ")
    }

    /// What among the settings and the data may be the reason, as far as the events show it.
    private func causes(_ status: StageStatus, _ plan: StackedPlan, _ manifest: StackedManifest) -> [String] {
        guard layer == 0 || status.meanError != 0 else { return ["the codes that it reads are all alike"] }
        var causes: [String] = []
        if layer == 0, let scales = manifest.scales(for: plan) { causes.append(scales) }
        let steps = manifest.steps(of: self)
        if steps.count < StackedManifest.fewSteps { causes.append("only \(steps.count.counted("step"))") }
        let errors = status.history.compactMap(\.heldOutError)
        if let first = errors.first, let last = errors.last, last > first {
            causes.append(
                "the error rose from \(first.short) before the first round (learning_rate:"
                    + " \(settings.optimizer.learningRate) may be too large)")
        } else if errors.count > 2, errors[errors.count - 1] < 0.99 * errors[errors.count - 2] {
            causes.append("the error was still falling in the last round (more rounds)")
        }
        if case .masking(let share) = settings.corruption, share >= 0.3, inputSize(plan, manifest) < 100 {
            causes.append("masking: \(share) hides too much of samples with few features")
        }
        if settings.l1 > 0 { causes.append("l1: \(settings.l1) may be too strong for samples of this scale") }
        return causes
    }
}

extension StageStatus {
    fileprivate var meanError: Double? { history.reversed().lazy.compactMap { $0.metrics["meanError"] }.first }
}

extension RoundRecord {
    fileprivate var heldOutError: Double? { metrics["heldOutError"] }
    fileprivate var deadUnits: Int? { metrics["deadUnits"].map { Int($0) } }
}
