import DataFormats
package import FoundationEssentials
package import ModelFormat
package import PlanFile
package import RunProtocol

/// Autoencoders trained layer by layer on unlabeled samples, then a classifier on labeled ones, and codes of others.
package struct StackedAutoencoder: ModelKind {
    package let name = "stacked_autoencoder"
    package let template = PlanTemplate.text
    package let everySection = """
        data: {labeled: {labels: {}}, test: {}}
        layers: [{convolution: {}}]
        joint_training: {}
        fine_tuning: {pseudo_labels: {}}
        outputs: [{samples: {}}]
        """
    package let outputs = StageOutputs.stacked

    package init() {}

    package func read(_ top: Section, _ common: Plan) -> Plan { StackedReader.read(top, common).plan }

    package func outline(of plan: Plan) throws -> RunOutline { try StackedPlan(plan).outline }

    package func summary(of plan: Plan) throws -> [String] { try StackedPlan(plan).summary }

    package func paths(of plan: Plan) throws -> [String] { try StackedPlan(plan).paths }

    package func prepare(_ plan: Plan, _ access: DataAccess) throws -> DataManifest {
        DataManifest(encoding: try DataPreparation(plan: StackedPlan(plan), access: access).prepare())
    }

    package func compile(_ plan: Plan, _ manifest: DataManifest) throws -> CompiledRun {
        try StackedPlan(plan).compiled(by: manifest.decoded(as: StackedManifest.self))
    }

    package func description(ofEarlier json: Data) -> ModelDescription? { FormatOne.description(json) }

    package func estimate(of plan: Plan, locate: (String) -> String) throws -> DataEstimate {
        try StackedPlan(plan).estimate(locate: locate)
    }
}

extension StackedPlan {
    init(_ plan: Plan) throws { self = try plan.decoded(as: StackedPlan.self) }

    /// - Throws: every mistake at once.
    package init(yaml: String) throws(PlanMistakes) {
        let plan = try PlanReader.read(yaml, ModelKinds([StackedAutoencoder()]))
        guard let own = try? StackedPlan(plan) else { preconditionFailure("what was read is such a plan") }
        self = own
    }

    /// As all else sees it.
    package var plan: Plan { Plan(encoding: self) }

    fileprivate var outline: RunOutline {
        var stages = autoencoderStages.map {
            StageStatus(waiting: $0.name, rounds: $0.settings.rounds, outputs: .autoencoder(unit: nil))
        }
        if let fineTuning { stages += fineTuning.outline(trials: data.labeled?.draws ?? 0) }
        for output in outputs ?? [] {
            let results: [EncodingStage.Result] = output.statistics == true ? [.codes, .statistics] : [.codes]
            let titles = results.map { EncodingStage.title($0, of: output.name) }
            stages += titles.map { StageStatus(waiting: $0, rounds: 1, outputs: .codes) }
        }
        return RunOutline(stages: stages, remarks: remarks)
    }

    func compiled(by manifest: StackedManifest) -> CompiledRun {
        var run = RunBuilder(self, manifest)
        for stage in autoencoderStages { run.append(stage) }
        if let fineTuning { run.append(fineTuning) }
        for (output, samples) in zip(outputs ?? [], manifest.outputs ?? []) { run.append(output, samples) }
        return run.compiled
    }

    /// What it says, a line each.
    fileprivate var summary: [String] {
        var lines = autoencoderStages.map { stage in
            let top = layers[stage.layer + stage.decoders.count - 1]
            return "\(stage.name): \(top.description), \(stage.settings.rounds) rounds of \(stage.settings.replicas)"
                + " tasks, L1 \(stage.settings.l1), \(stage.settings.loss.rawValue)"
                + (stage.frozenEncoders > 0 ? " of the samples" : "")
        }
        if let labeled = data.labeled, fineTuning != nil {
            let examples = labeled.perClass.map { "\($0) labeled examples of each class" } ?? "all labeled examples"
            lines.append("fine-tuning: \(labeled.draws) draws of \(examples)")
        }
        return lines
    }

    /// How many classes there are the labels say; they make little difference.
    fileprivate func estimate(locate: (String) -> String) throws -> DataEstimate {
        let header = try SampleFile.header(locate(data.unlabeled.path), ReadingOptions(data.unlabeled))
        let size = header.sampleShape.reduce(1, *)
        var count = min(header.count, data.unlabeled.limit ?? .max)
        if header.isEstimate { count = max(count, data.heldOut + data.shards) }
        let network = NetworkSpec(inputSize: size, image: ImageShape(header.sampleShape), layers: layers)
        var estimate = DataEstimate(run: nil, bytes: count * size * header.numberBytes, isEstimate: header.isEstimate)
        do {
            try checkSizes(of: network, samples: count)
        } catch {
            estimate.problems.append("\(error)")
        }
        guard network.problem == nil, size <= Limits.sampleSize, count > data.heldOut else { return estimate }
        let sizes = DataSizes(
            samples: count, labeled: data.labeled?.perClass.map { $0 * 10 } ?? 1_000, tested: 1_000,
            classes: fineTuning == nil ? 0 : 10)
        estimate.run = compiled(by: StackedManifest(ofSize: sizes, self, network))
        return estimate
    }
}

extension LayerSpec {
    fileprivate var description: String {
        guard let window else { return "\(units) \(activation.rawValue) units" }
        return "\(units) \(activation.rawValue) channels of \(window.kernel) x \(window.kernel)"
    }
}

extension StageStatus {
    init(waiting name: String, rounds: Int, outputs: StageOutputs) {
        self.init(name: name, state: .waiting, round: 0, rounds: rounds, tasksDone: 0, tasks: 0)
        self.outputs = outputs
    }
}
