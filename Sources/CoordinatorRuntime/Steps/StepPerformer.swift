import Averaging
import Coordination
import DataFormats
import FoundationEssentials
import ModelFormat
import PlanFile
import RandomNumbers
import RunProtocol
import RunStore
import UpdateFiles

/// Computes what a run needs between its tasks. Each step is a function of the run's facts and its blobs, so that it can
/// be done again after a crash with the same outcome.
struct StepPerformer: Sendable {
    let blobs: BlobFolder
    let folders: DataFolders
    let kinds: ModelKinds
    let memory: MemoryBudget

    private var reader: WeightsReader { WeightsReader(blobs: blobs) }

    /// - Parameter folder: what the plan's relative paths start from.
    /// - Returns: the fact that came of it.
    /// - Throws: `APIError` whenever the step takes more memory than there is.
    func perform(_ step: RunState.Step, of run: RunState, folder: String) throws -> RunEvent {
        do {
            return try memory.withMemory(StepMemory.memory(of: step, run) ?? 0) {
                try compute(step, of: run, folder: folder)
            }
        } catch let shortage as MemoryShortage {
            throw shortage.error("it")
        }
    }

    private func compute(_ step: RunState.Step, of run: RunState, folder: String) throws -> RunEvent {
        switch step {
        case .prepareData:
            return .dataPrepared(
                try kinds.kind(of: run.plan).prepare(
                    run.plan, DataAccess(folders, from: folder, to: blobs, memory)))
        case .openStage(let stage): return .stageOpened(try open(stage, of: run))
        case .average: return .roundClosed(try average(run))
        case .export: return .finished(exports: try export(run))
        case .finishStage, .waitForTasks: preconditionFailure("there is nothing to compute for \(step)")
        }
    }

    // MARK: Opening a stage

    private func open(_ index: Int, of run: RunState) throws -> StageOpening {
        let stage = run.stages[index]
        func put(_ recipe: BlobRecipe) throws -> Digest {
            try self.put(try reader.weights(recipe, of: run), recipe.parameters)
        }
        return StageOpening(stage: index, frozen: try stage.frozen.map(put), weights: try stage.starts.map(put))
    }

    private func put(_ weights: [Float], _ parameters: [ParameterSpec]) throws -> Digest {
        try blobs.put { try WeightsBlob.file(weights, parameters).write($0) }
    }

    // MARK: Averaging

    private func average(_ run: RunState) throws -> RoundClosing {
        guard let stage = run.current, case .average(let outer, _) = stage.reduction, let start = run.weights else {
            preconditionFailure("only rounds are averaged")
        }
        let parameters = stage.parameters
        let delta = try mean(run.completions.filter { !run.isMeasurement($0.key) }.map(\.value), parameters)
        var next = try reader.weights(start, parameters)
        var momentum = try run.momentum.map { try reader.weights($0, parameters) } ?? []
        outer.step(&next, momentum: &momentum, delta: delta, parameters: parameters)
        return RoundClosing(
            stage: run.stage, round: run.round, weights: try put(next, parameters),
            momentum: momentum.isEmpty ? nil : try put(momentum, parameters))
    }

    /// Adds the updates one after the other; the sum, twice as large as the model, is gone before the weights are read.
    private func mean(_ answers: [TaskCompletion], _ parameters: [ParameterSpec]) throws -> [Float] {
        var sum = ExactSum(
            elementCount: parameters.elementCount, totalSamples: answers.reduce(0) { $0 + $1.figures.samples })
        for answer in answers {
            let file = try reader.update(answer)
            try sum.add(elementCount: file.preamble.elementCount, samples: answer.figures.samples) { add in
                try file.forEachPart(add)
            }
        }
        return sum.mean()
    }

    // MARK: Exports

    private func export(_ run: RunState) throws -> [ExportDescription] {
        try (run.compiled?.exports ?? []).map { recipe in
            var bytes = 0
            let digest = try blobs.put { append in
                func count(_ part: UnsafeRawBufferPointer) throws {
                    bytes += part.count
                    try append(part)
                }
                switch recipe.content {
                case .weights(let weights, let metadata):
                    let values = try reader.weights(weights, of: run)
                    try WeightsBlob.file(values, weights.parameters, metadata: metadata).write(count)
                case .results(let stage, let samples, let size):
                    try NPY.header(.float32, count: samples, size: size).withUnsafeBytes(count)
                    for completion in run.collected[stage] ?? [] {
                        try reader.update(completion).forEachPart { part, _ in try part.withUnsafeBytes(count) }
                    }
                }
            }
            return ExportDescription(part: recipe.part, digest: digest, bytes: bytes, fileName: recipe.fileName)
        }
    }
}

extension MemoryShortage {
    /// - Parameter what: that needs the memory.
    func error(_ what: String) -> APIError {
        APIError(
            .tooLarge,
            "\(what) needs \(needed.asMemory) of memory, and the coordinator has \(available.asMemory)",
            hint: "give the layers fewer units, or start the coordinator where there is more memory (--memory)")
    }
}
