import PlanFile
import RunProtocol

extension FuzzTarget {
    static func readPlan(_ bytes: UnsafeRawBufferPointer) throws {
        guard let text = String(validating: bytes, as: UTF8.self),
            let plan = try accepted({ try PlanReader.read(text) })
        else { return }
        try promise(try throughJSON(plan) == plan, "it is another when it is read from the coordinator's store")
        let image = ImageShape(height: 28, width: 28, channels: 1)
        let network = NetworkSpec(inputSize: image.count, image: image, layers: plan.layers)
        try promise(plan.stages.count == plan.layers.count, "it has \(plan.stages.count) stages")
        try promise(plan.sparsity?.allSatisfy(\.isPossible) ?? true, "its sparsity is not possible")
        guard network.isWithinLimits else { return }
        for stage in plan.autoencoderStages {
            try promise(stage.parameters(of: network).elementCount > 0, "\(stage.name) has no weights")
        }
    }
}
