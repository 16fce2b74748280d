import Kinds
import PlanFile
import RunProtocol

extension FuzzTarget {
    static func readPlan(_ bytes: UnsafeRawBufferPointer) throws {
        guard let text = String(validating: bytes, as: UTF8.self),
            let plan = try accepted({ try PlanReader.read(text, .standard) })
        else { return }
        try promise(try throughJSON(plan) == plan, "it is another when it is read from the coordinator's store")
        let kind = try ModelKinds.standard.kind(of: plan)
        try promise(!kind.outline(of: plan).stages.isEmpty, "it has no stages")
        try promise(!kind.summary(of: plan).isEmpty, "nothing can be said of it")
        guard plan.model == nil else { return }
        let stacked = try plan.decoded(as: StackedPlan.self)
        try promise(stacked.plan == plan, "it is another when it is written again")
        let image = ImageShape(height: 28, width: 28, channels: 1)
        let network = NetworkSpec(inputSize: image.count, image: image, layers: stacked.layers)
        try promise(stacked.stages.count == stacked.layers.count, "it has \(stacked.stages.count) stages")
        try promise(stacked.sparsity?.allSatisfy(\.isPossible) ?? true, "its sparsity is not possible")
        guard network.isWithinLimits else { return }
        for stage in stacked.autoencoderStages {
            try promise(stage.parameters(of: network).elementCount > 0, "\(stage.name) has no weights")
        }
    }
}
