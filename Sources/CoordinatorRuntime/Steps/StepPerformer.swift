import Averaging
import Coordination
import DataFormats
import FoundationEssentials
import ModelFormat
import RandomNumbers
import RunProtocol
import RunStore
import UpdateFiles

/// Computes what a run needs between its tasks. Each step is a function of the run's facts and its blobs, so that it can
/// be done again after a crash with the same outcome.
struct StepPerformer: Sendable {
    let blobs: BlobFolder
    let folders: DataFolders
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
            let preparation = DataPreparation(
                plan: run.plan, folder: folder, folders: folders, blobs: blobs, memory: memory)
            return .dataPrepared(try preparation.prepare())
        case .openStage(let stage): return .stageOpened(try open(stage, of: run))
        case .average: return .roundClosed(try average(run))
        case .export: return .finished(exports: try export(run))
        case .finishStage, .waitForTasks: preconditionFailure("there is nothing to compute for \(step)")
        }
    }

    // MARK: Opening a stage

    private func open(_ stage: Int, of run: RunState) throws -> StageOpening {
        switch run.kind(ofStage: stage) {
        case .autoencoder(let autoencoder):
            let weights = try put(try start(autoencoder, stage, of: run), autoencoder.parameters(of: run.network))
            return StageOpening(stage: stage, frozen: try stack(run, layers: autoencoder.layer), weights: [weights])
        case .fineTuning:
            return StageOpening(stage: stage, frozen: try stack(run, layers: run.plan.layers.count), weights: [])
        case .evaluation:
            let parameters = run.network.classifierParameters(classes: run.manifest?.classes ?? 0)
            let weights = try run.fineTuned.map { completion in
                try put(try reader.classifier(completion, of: run), parameters)
            }
            return StageOpening(stage: stage, frozen: nil, weights: weights)
        }
    }

    /// Layers that were trained before go on from there, the others start from random numbers.
    private func start(_ autoencoder: AutoencoderStage, _ stage: Int, of run: RunState) throws -> [Float] {
        let trained =
            autoencoder.decoders.count > 1
            ? try reader.autoencoders(run.stageWeights, of: run).dropFirst(autoencoder.layer) : []
        let new = run.network.autoencoderParameters(
            first: autoencoder.layer + trained.count, decoders: Array(autoencoder.decoders.dropFirst(trained.count)))
        let fresh = new.initialValues(seed: Seed.derive(from: run.plan.seed, UInt64(stage)))
        return trained.isEmpty ? fresh : [Float](joining: trained.map { $0[...] } + [fresh[...]])
    }

    /// The encoders of the first `layers` layers as one blob; nil for none.
    private func stack(_ run: RunState, layers: Int) throws -> Digest? {
        guard layers > 0 else { return nil }
        let encoders = try reader.autoencoders(run.stageWeights, of: run).prefix(layers).enumerated().map {
            layer, weights in
            weights.prefix(run.network.encoderParameters(layer: layer).elementCount)
        }
        return try put([Float](joining: encoders), run.network.stackParameters(count: layers))
    }

    private func put(_ weights: [Float], _ parameters: [ParameterSpec]) throws -> Digest {
        try blobs.put { try WeightsBlob.file(weights, parameters).write($0) }
    }

    // MARK: Averaging

    private func average(_ run: RunState) throws -> RoundClosing {
        guard case .autoencoder(let stage) = run.kind(ofStage: run.stage), let start = run.weights else {
            preconditionFailure("only an autoencoder's rounds are averaged")
        }
        let parameters = stage.parameters(of: run.network)
        let delta = try mean(run.completions.filter { !run.isMeasurement($0.key) }.map(\.value), parameters)
        var next = try reader.weights(start, parameters)
        var momentum = try run.momentum.map { try reader.weights($0, parameters) } ?? []
        stage.settings.outer.step(&next, momentum: &momentum, delta: delta, parameters: parameters)
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
        guard let manifest = run.manifest else { preconditionFailure("a run without data cannot have finished") }
        var description = ModelDescription(
            part: .pretrained, network: run.network, divisor: manifest.shards[0].divisor,
            decoders: run.plan.autoencoderStages.last.map {
                run.plan.decoders.dropLast($0.decoders.count) + $0.decoders
            }
                ?? [],
            sparsity: run.plan.sparsity, planHash: manifest.planHash)
        description.columns = manifest.columns
        description.sampleShape = manifest.sampleShape
        description.range = manifest.range
        let layers = [Float](joining: try reader.autoencoders(run.stageWeights, of: run).map { $0[...] })
        var exports = [try put(Model(description: description, weights: layers))]
        if let first = run.fineTuned.first {
            description.part = .fineTuned
            description.decoders = []
            description.sparsity = nil
            description.classes = manifest.classes
            description.classNames = manifest.classNames
            let weights = try reader.classifier(first, of: run)
            exports.append(try put(Model(description: description, weights: weights)))
        }
        return exports
    }

    private func put(_ model: Model) throws -> ExportDescription {
        let file = try model.file()
        var bytes = 0
        let digest = try blobs.put { append in
            try file.write { part in
                bytes += part.count
                try append(part)
            }
        }
        return ExportDescription(part: model.description.part, digest: digest, bytes: bytes)
    }
}

extension [Float] {
    /// All parts one after the other, in memory that is taken once.
    fileprivate init(joining parts: [ArraySlice<Float>]) {
        self.init()
        reserveCapacity(parts.reduce(0) { $0 + $1.count })
        for part in parts { append(contentsOf: part) }
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
