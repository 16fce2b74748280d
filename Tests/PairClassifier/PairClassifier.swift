import ModelFormat
package import PlanFile
package import RunProtocol

/// A classifier of samples that have two fields of numbers, which one node reads. It stands in tests for any kind of model:
/// it is what a folder beside `StackedAutoencoder` would be.
package struct PairClassifier: ModelKind {
    package let name = "pair_classifier"
    package let template = PairPlan.template
    package let everySection = "data: {}\ntraining: {}"
    package let outputs: [StageOutputs] = [.pairTraining, .pairTrials, .pairTest, .pairCodes]

    package init() {}

    package func read(_ top: Section, _ common: Plan) -> Plan { Plan(encoding: PairPlan(top, common)) }

    package func outline(of plan: Plan) throws -> RunOutline {
        let own = try own(plan)
        let stages =
            own.trainingTitles.map { StageStatus($0, rounds: own.rounds, .pairTraining) }
            + (own.trials > 0 ? [StageStatus("trials", rounds: 1, .pairTrials)] : [])
            + [StageStatus("test", rounds: 1, .pairTest), StageStatus("codes", rounds: 1, .pairCodes)]
        return RunOutline(stages: stages, remarks: [])
    }

    package func summary(of plan: Plan) throws -> [String] {
        let own = try own(plan)
        let trials = own.trials > 0 ? ["trials: \(own.trials) from each start"] : []
        return own.trainingTitles.map {
            "\($0): \(own.units) units on two fields, \(own.rounds) rounds of \(own.replicas) tasks"
        } + trials
    }

    package func paths(of plan: Plan) throws -> [String] {
        let own = try own(plan)
        return [own.left, own.right, own.labels]
    }

    package func estimate(of plan: Plan, locate: (String) -> String) throws -> DataEstimate {
        try own(plan).estimate(locate: locate)
    }

    package func prepare(_ plan: Plan, _ access: DataAccess) throws -> DataManifest {
        DataManifest(encoding: try own(plan).prepare(access))
    }

    package func compile(_ plan: Plan, _ manifest: DataManifest) throws -> CompiledRun {
        try own(plan).compiled(by: manifest.decoded(as: PairManifest.self))
    }

    private func own(_ plan: Plan) throws -> PairPlan { try plan.decoded(as: PairPlan.self) }
}

extension StageCompiler {
    /// Of this kind alone.
    package static let pairs = ModelKinds([PairClassifier()]).compiler
}

/// A small plan and what its data would come to, for simulations and tests.
extension Scenario {
    /// - Parameters:
    ///   - patience: nil: no stage ends early.
    ///   - improvement: by which share of the best so far an accuracy must be better.
    ///   - trials: 0 for none.
    package static func pairsPlan(
        stages: Int = 2, rounds: Int = 3, replicas: Int = 2, patience: Int? = nil, improvement: Double = 0,
        trials: Int = 2, verify: Double? = nil
    ) -> Plan {
        Plan(
            encoding: PairPlan(
                name: "example", seed: 7, model: "pair_classifier", verify: verify, left: "left.npy",
                right: "right.npy", labels: "labels.csv", shards: 3, heldOut: 10, units: 4, stages: stages,
                rounds: rounds, replicas: replicas, epochs: 1, batchSize: 8, learningRate: 0.1, patience: patience,
                improvement: improvement, trials: trials))
    }

    /// - Parameter columns: of three left and two right numbers.
    package static func pairsManifest(columns: [String]? = nil) -> DataManifest {
        var manifest = PairManifest.pairs
        manifest.columns = columns
        return DataManifest(encoding: manifest)
    }

    /// What is in one of its shards, from 0.
    package static func pairsShard(_ index: Int) -> FieldSet {
        PairManifest.pairs.fields(PairManifest.pairs.shards[index])
    }

    /// Such a plan with such data.
    package init(pairs plan: Plan = pairsPlan()) { self.init(plan, Self.pairsManifest(), by: .pairs) }
}

extension PairManifest {
    fileprivate static let pairs = PairManifest.sized(3, 2, samples: 70, shards: 3, heldOut: 10)
}

extension StageStatus {
    fileprivate init(_ name: String, rounds: Int, _ outputs: StageOutputs) {
        self.init(name: name, state: .waiting, round: 0, rounds: rounds, tasksDone: 0, tasks: 0)
        self.outputs = outputs
    }
}
