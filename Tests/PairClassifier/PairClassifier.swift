import ModelFormat
package import PlanFile
package import RunProtocol

/// A classifier of samples that have two fields of numbers, which one node reads. It stands in tests for any kind of model:
/// it is what a folder beside `StackedAutoencoder` would be.
package struct PairClassifier: ModelKind {
    package let name = "pair_classifier"
    package let template = PairPlan.template
    package let everySection = "data: {}\ntraining: {}"
    package let outputs: [StageOutputs] = [.pairTraining, .pairTest, .pairCodes]

    package init() {}

    package func read(_ top: Section, _ common: Plan) -> Plan { Plan(encoding: PairPlan(top, common)) }

    package func outline(of plan: Plan) throws -> RunOutline {
        let rounds = try own(plan).rounds
        return RunOutline(
            stages: [
                StageStatus("training", rounds: rounds, .pairTraining), StageStatus("test", rounds: 1, .pairTest),
                StageStatus("codes", rounds: 1, .pairCodes),
            ], remarks: [])
    }

    package func summary(of plan: Plan) throws -> [String] {
        let own = try own(plan)
        return ["training: \(own.units) units on two fields, \(own.rounds) rounds of \(own.replicas) tasks"]
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

extension Scenario {
    /// A small plan and what its data would come to, for simulations.
    package static func pairs(rounds: Int = 3, replicas: Int = 3, patience: Int? = 1) throws -> Scenario {
        let kinds = ModelKinds([PairClassifier()])
        let text = """
            model: pair_classifier
            data: {left: left.npy, right: right.npy, labels: labels.csv, shards: 3, held_out: 10}
            training: {rounds: \(rounds), replicas: \(replicas)\(patience.map { ", patience: \($0)" } ?? "")}
            """
        let plan = try PlanReader.read(text, kinds)
        let manifest = PairManifest.sized(3, 2, samples: 70, try plan.decoded(as: PairPlan.self))
        return Scenario(plan, DataManifest(encoding: manifest), by: kinds.compiler)
    }
}

extension StageStatus {
    fileprivate init(_ name: String, rounds: Int, _ outputs: StageOutputs) {
        self.init(name: name, state: .waiting, round: 0, rounds: rounds, tasksDone: 0, tasks: 0)
        self.outputs = outputs
    }
}
