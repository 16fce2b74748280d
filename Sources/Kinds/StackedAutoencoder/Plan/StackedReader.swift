import PlanFile
import RunProtocol

/// Reads what a plan of stacked autoencoders says, beside what all plans do.
enum StackedReader {
    static func read(_ top: Section, _ common: Plan) -> StackedPlan {
        let pretraining = top.section("pretraining")
        let layers = top.list("layers", limit: Limits.layers, fallback: pretraining)
        if layers.isEmpty { top.note("layers", "is missing: a list with the units of each layer") }
        if layers.count > Limits.layers { top.note("layers", "has more than \(Limits.layers) layers") }
        let specs = layers.map(layer)
        var stages: [StageSettings] = []
        for (index, section) in layers.enumerated() {
            let below = stages.first.map { StageReader.Below(first: $0, activation: specs[index - 1].activation) }
            stages.append(StageReader.read(section, above: below))
        }
        // Read on its own as well, so that its keys are known even where no layer needs them.
        _ = StageReader.read(pretraining, above: nil)
        let data = DataReader.read(top.section("data"))
        let joint = top.has("joint_training") ? top.section("joint_training") : nil
        let plan = StackedPlan(
            name: common.name, seed: common.seed, data: data, layers: specs, stages: stages,
            joint: joint.map { StageReader.readJoint($0, above: stages) },
            fineTuning: top.has("fine_tuning") ? FineTuningReader.read(top.section("fine_tuning"), data) : nil,
            outputs: OutputsReader.read(top, data), verify: common.verify, instructionSet: common.instructionSet)
        if plan.fineTuning != nil, data.labeled == nil || !data.hasTest {
            top.note("fine_tuning", "needs data.labeled to learn from and data.test to be tested on")
        }
        layers.forEach { $0.finish() }
        pretraining.finish()
        return plan
    }

    private static func layer(_ section: Section) -> LayerSpec {
        let activation = section.choice("activation", Activation.self) ?? .relu
        guard section.has("convolution") else {
            if !section.has("units") { section.note("units", "is missing: how many numbers the layer's code has") }
            return LayerSpec(units: section.whole("units", in: 1...Limits.units) ?? 1, activation: activation)
        }
        if section.has("units") { section.note("units", "belongs to dense layers: a convolution has `channels`") }
        let window = section.section("convolution")
        defer { window.finish() }
        if !window.has("channels") { window.note("channels", "is missing: how many numbers each place's code has") }
        return LayerSpec(
            units: window.whole("channels", in: 1...Limits.units) ?? 1, activation: activation,
            window: ConvolutionWindow(
                kernel: window.whole("kernel", in: 1...Limits.kernel) ?? 3,
                stride: window.whole("stride", in: 1...Limits.stride) ?? 1,
                pooling: window.whole("pooling", in: 1...Limits.pooling) ?? 1,
                decoder: window.choice("decoder", ConvolutionWindow.Decoder.self) ?? .transposed))
    }
}
