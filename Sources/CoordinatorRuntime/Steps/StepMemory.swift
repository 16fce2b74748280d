import Coordination
import RunProtocol

/// What the coordinator's steps take of its memory at most, in bytes, known before anything is allocated.
struct StepMemory {
    let run: CompiledRun

    private static let scratch = 16 << 20

    private func bytes(_ parameters: [ParameterSpec]) -> Int { parameters.elementCount * 4 }

    /// Nil where the step allocates nothing that grows with the plan.
    static func memory(of step: RunState.Step, _ run: RunState) -> Int? {
        guard let compiled = run.compiled else { return nil }
        let steps = StepMemory(run: compiled)
        switch step {
        case .openStage(let stage): return steps.opening(compiled.stages[stage])
        case .average: return run.current.map(steps.averaging)
        case .export: return steps.exporting
        case .prepareData, .finishStage, .waitForTasks: return nil
        }
    }

    /// The exact sum has 8 bytes a weight, its mean 4; later the mean, the weights and the momentum are there.
    private func averaging(_ stage: any Stage) -> Int { Self.scratch + 3 * bytes(stage.parameters) }

    private func opening(_ stage: any Stage) -> Int {
        Self.scratch + ([stage.frozen].compactMap(\.self) + stage.starts).reduce(0) { max($0, making($1)) }
    }

    private var exporting: Int { Self.scratch + run.exports.reduce(0) { max($0, $1.weights.map(making) ?? 0) } }

    /// The whole, beside the largest blob that parts of it are read from, as a file and as weights.
    private func making(_ recipe: BlobRecipe) -> Int {
        let origins = recipe.origins.map { origin -> [ParameterSpec] in
            switch origin.origin {
            case .stage(let stage): run.stages[stage].parameters
            case .result(let stage, let task): run.stages[stage].resultParameters(ofTask: task)
            }
        }
        let fresh = zip(recipe.parameters, recipe.sources).map { parameter, source in
            if case .initializer = source { parameter.count * 4 } else { 0 }
        }
        return bytes(recipe.parameters) + max(origins.map { 2 * bytes($0) }.max() ?? 0, fresh.max() ?? 0)
    }

    /// The largest of all steps, and which it is.
    var largest: (name: String, bytes: Int) {
        let steps = run.stages.flatMap { stage -> [(String, Int)] in
            let opening = ("opening \(stage.title)", opening(stage))
            guard case .average = stage.reduction else { return [opening] }
            return [("averaging \(stage.title)", averaging(stage)), opening]
        }
        let all = steps + [("the export", exporting)]
        return all.max { $0.1 < $1.1 }.map { ($0.0, $0.1) } ?? ("", 0)
    }
}
