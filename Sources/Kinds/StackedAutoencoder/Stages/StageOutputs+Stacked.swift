package import RunProtocol

extension AutoencoderStage {
    /// What its losses and errors are counted in.
    func unit(on network: NetworkSpec) -> MetricUnit {
        let name =
            switch settings.loss {
            case .meanSquaredError: "squared error"
            case .binaryCrossEntropy: "binary cross-entropy"
            }
        return MetricUnit(name: name, values: network.inputSize(ofLayer: layer))
    }
}

extension StageOutputs {
    /// Those of every kind of stage of a stacked autoencoder.
    static let stacked = [
        autoencoder(unit: nil), fineTuning, fineTuningRounds(isFirst: true, isMeasured: true), evaluation,
    ]

    /// An autoencoder's rounds and the weights between them.
    package static func autoencoder(unit: MetricUnit?) -> StageOutputs {
        func share(_ name: String, _ title: String, _ text: String, line: String? = nil) -> MetricDescription {
            MetricDescription(
                name, title: title, text: text, lowest: 0, highest: 1, of: .weights,
                chart: "Active share of the code", line: line, phrase: line == nil ? "active" : nil, format: .share)
        }
        func units(_ name: String, _ title: String, _ text: String, line: String? = nil) -> MetricDescription {
            MetricDescription(
                name, title: title, text: text, unit: MetricUnit(name: "units"), lowest: 0, of: .weights,
                chart: "Dead units", line: line, phrase: line == nil ? "dead" : nil, format: .count)
        }
        return StageOutputs(metrics: [
            loss(unit, chart: "Training loss"),
            MetricDescription(
                "heldOutError", resultName: "reconstructionError", title: "held-out error",
                text: "Mean error of the stage's weights on held-out samples.", unit: unit, direction: .lowerIsBetter,
                of: .weights, decides: true, baseline: "meanError", ratio: "of the mean's error",
                chart: "Held-out error"),
            MetricDescription(
                "meanError", title: "error of the mean",
                text: "Error on the held-out samples of predicting each feature's mean.", unit: unit, of: .weights,
                chart: "Held-out error", line: "predicting the mean"),
            share("activeShare", "active share", "Share of the code's units that are active, 0 to 1."),
            units("deadUnits", "dead units", "Units of the code that are never active."),
            share(
                "keptShare", "kept share", "Share of the code's units that the decoder learns from, 0 to 1.",
                line: "selected"),
            units(
                "unusedUnits", "unused units", "Units of the code that the decoder never learns from.",
                line: "selected"),
        ])
    }

    private static func loss(_ unit: MetricUnit?, chart: String? = nil) -> MetricDescription {
        MetricDescription(
            "loss", title: "loss", text: "Mean training loss of the stage's last round that has one.",
            unit: unit, direction: .lowerIsBetter, of: .round, chart: chart)
    }

    /// A classifier's training, a result for each trial and start.
    package static let fineTuning = StageOutputs(
        metrics: [loss(MetricUnit(name: "cross-entropy", values: 1))],
        series: [
            SeriesDescription(
                "losses", resultName: "epochLosses", title: "loss", axis: "epoch",
                unit: MetricUnit(name: "cross-entropy", values: 1), chart: "Learning curves")
        ], isCollected: true, text: "a classifier on top")

    /// A classifier's training by several tasks, round after round.
    /// - Parameters:
    ///   - isFirst: of several trials one is drawn for all.
    ///   - isMeasured: whether labeled examples are set aside to measure the rounds.
    package static func fineTuningRounds(isFirst: Bool, isMeasured: Bool) -> StageOutputs {
        let accuracy = MetricDescription(
            "validationAccuracy", resultName: "accuracy", title: "validation accuracy",
            text: "Share of the labeled samples that are set aside whose class is predicted, 0 to 1.",
            direction: .higherIsBetter, lowest: 0, highest: 1, of: .weights, decides: true,
            chart: "Validation accuracy", format: .share)
        return StageOutputs(
            metrics: [loss(MetricUnit(name: "cross-entropy", values: 1), chart: "Training loss")]
                + (isMeasured ? [accuracy] : []), text: isFirst ? "a classifier on top" : nil)
    }

    /// A classifier's test, a result for each trial and start.
    package static let evaluation = StageOutputs(
        tables: [
            TableDescription(
                "confusion", title: "Confusion matrix", rows: "label", columns: "prediction",
                error: MetricDescription(
                    "testError", column: "error", title: "test error",
                    text: "Share of the test samples that are classified wrongly, mean over draws, 0 to 1.",
                    direction: .lowerIsBetter, lowest: 0, highest: 1, of: .trial, format: .share))
        ], isCollected: true, trains: false, text: "on samples that it never saw")
}
