import Coordination
import RunProtocol

/// What the coordinator's steps take of its memory at most, in bytes, known before anything is allocated.
struct StepMemory {
    let plan: Plan
    let network: NetworkSpec
    /// 0 where there are none, or they are not known.
    let classes: Int

    private static let scratch = 16 << 20

    private func bytes(_ parameters: [ParameterSpec]) -> Int { parameters.elementCount * 4 }

    /// Nil where the step allocates nothing that grows with the plan.
    static func memory(of step: RunState.Step, _ run: RunState) -> Int? {
        guard let manifest = run.manifest else { return nil }
        let steps = StepMemory(plan: run.plan, network: run.network, classes: manifest.classes)
        switch step {
        case .openStage(let stage): return steps.opening(stage)
        case .average:
            guard case .autoencoder(let stage) = run.kind(ofStage: run.stage) else { return nil }
            return steps.averaging(stage)
        case .export: return steps.exporting
        case .prepareData, .finishStage, .waitForTasks: return nil
        }
    }

    /// The exact sum has 8 bytes a weight, its mean 4; later the mean, the weights and the momentum are there.
    func averaging(_ stage: AutoencoderStage) -> Int {
        Self.scratch + 3 * bytes(stage.parameters(of: network))
    }

    /// Weights of the layers below, and those that the stage starts from.
    func opening(_ index: Int) -> Int {
        let stages = plan.autoencoderStages
        let stack = bytes(network.stackParameters(count: plan.layers.count))
        switch index - stages.count {
        case ..<0:
            let own = bytes(stages[index].parameters(of: network))
            guard index > 0 else { return Self.scratch + own }
            return Self.scratch + loading(stages[..<index]) + (stages[index].decoders.count > 1 ? 2 * own : own)
        case 0: return Self.scratch + loading(stages[...]) + stack
        default: return Self.scratch + bytes(network.classifierParameters(classes: classes))
        }
    }

    /// The layers' weights, then all of them in one piece, which is written as it is.
    var exporting: Int {
        let classifier = bytes(network.classifierParameters(classes: classes))
        let whole = bytes(network.autoencoderParameters(first: 0, decoders: plan.decoders))
        return Self.scratch + max(loading(plan.autoencoderStages[...]) + whole, classifier + whole)
    }

    /// Reading each layer's weights from the stages that trained it last; several of one stage are read together.
    private func loading(_ stages: ArraySlice<AutoencoderStage>) -> Int {
        let used = stages.suffix(from: stages.lastIndex { $0.layer == 0 } ?? stages.startIndex)
        let sizes = used.map { bytes($0.parameters(of: network)) }
        return sizes.reduce(0, +) + (zip(used, sizes).map { $0.0.decoders.count > 1 ? $0.1 : 0 }.max() ?? 0)
    }

    /// The largest of all steps, and which it is.
    var largest: (name: String, bytes: Int) {
        let stages = plan.autoencoderStages
        let averaged = stages.map { ("averaging \($0.name)", averaging($0)) }
        let opened = (0..<stages.count + (plan.fineTuning == nil ? 0 : 2)).map {
            ("opening stage \($0 + 1)", opening($0))
        }
        let all = averaged + opened + [("the export", exporting)]
        let most = all.max { $0.1 < $1.1 }
        return (most?.0 ?? "", most?.1 ?? 0)
    }
}
