/// The unit of work: everything that its result depends on. The same task gives the same bits on the same kind of processor.
package struct TaskDescription: Codable, Hashable, Sendable {
    package var id: TaskID
    package var work: Work
    /// How many numbers the result's vector must have; 0 where the task only measures.
    package var elementCount: Int

    package init(id: TaskID, work: Work, elementCount: Int) {
        self.id = id
        self.work = work
        self.elementCount = elementCount
    }
}

/// What a task does.
package enum Work: Codable, Hashable, Sendable {
    /// Train one layer's autoencoder on a shard. Result: the change of its weights.
    case pretrain(PretrainWork)
    /// Measure a layer's reconstruction error on the held-out samples. Result: figures only.
    case measureReconstruction(ReconstructionWork)
    /// Train the classifier on labeled examples. Result: all its weights.
    case fineTune(FineTuneWork)
    /// Classify a test set. Result: figures only.
    case classify(ClassifyWork)

    /// The blobs that the task reads.
    package var inputs: [Digest] {
        switch self {
        case .pretrain(let work): [work.frozen, work.start, work.samples.digest].compactMap { $0 }
        case .measureReconstruction(let work): [work.frozen, work.weights, work.samples.digest].compactMap { $0 }
        case .fineTune(let work):
            [work.start, work.samples.digest, work.labels].compactMap { $0 } + work.unlabeled.map(\.digest)
        case .classify(let work): [work.weights, work.samples.digest, work.labels]
        }
    }
}

/// Samples as a blob: an NPY file of shape (count, size), `|u1` or `<f4`, whose numbers are divided by `divisor`.
package struct SampleSet: Codable, Hashable, Sendable {
    package var digest: Digest
    package var count: Int
    package var size: Int
    package var divisor: Double

    package init(digest: Digest, count: Int, size: Int, divisor: Double) {
        self.digest = digest
        self.count = count
        self.size = size
        self.divisor = divisor
    }
}

/// Train the autoencoder of one layer, or of several above each other, on one shard.
///
/// Weights are safetensors blobs, their tensors f32 in the order of the parameter list that each field names.
package struct PretrainWork: Codable, Hashable, Sendable {
    package var network: NetworkSpec
    /// The autoencoder's lowest.
    package var layer: Int
    /// One for each of the autoencoder's layers, from the lowest upwards.
    package var decoders: [DecoderSpec]
    /// How many of its encoders, from the lowest upwards, are not trained: fewer than it has layers.
    package var frozenEncoders: Int
    package var settings: StageSettings
    /// `network.stackParameters(count: layer)`: the frozen encoders below; nil for layer 0.
    package var frozen: Digest?
    /// `network.autoencoderParameters(first: layer, decoders:)`: where the round starts.
    package var start: Digest
    package var samples: SampleSet
    /// From 1; with `settings.rounds` it says how far the learning rate's schedule is.
    package var round: Int
    package var seed: UInt64

    package init(
        network: NetworkSpec, layer: Int, decoders: [DecoderSpec], frozenEncoders: Int = 0, settings: StageSettings,
        frozen: Digest?, start: Digest, samples: SampleSet, round: Int, seed: UInt64
    ) {
        self.network = network
        self.layer = layer
        self.decoders = decoders
        self.frozenEncoders = frozenEncoders
        self.settings = settings
        self.frozen = frozen
        self.start = start
        self.samples = samples
        self.round = round
        self.seed = seed
    }
}

/// Measure an autoencoder on the held-out samples.
package struct ReconstructionWork: Codable, Hashable, Sendable {
    package var network: NetworkSpec
    package var layer: Int
    package var decoders: [DecoderSpec]
    package var settings: StageSettings
    package var frozen: Digest?
    /// `network.autoencoderParameters(first: layer, decoders:)`.
    package var weights: Digest
    package var samples: SampleSet

    package init(
        network: NetworkSpec, layer: Int, decoders: [DecoderSpec], settings: StageSettings, frozen: Digest?,
        weights: Digest, samples: SampleSet
    ) {
        self.network = network
        self.layer = layer
        self.decoders = decoders
        self.settings = settings
        self.frozen = frozen
        self.weights = weights
        self.samples = samples
    }
}

/// Train the whole encoder with a softmax layer on one draw of labeled examples.
package struct FineTuneWork: Codable, Hashable, Sendable {
    package var network: NetworkSpec
    package var classes: Int
    package var settings: FineTuningSettings
    /// `network.stackParameters(count: layers.count)`; nil for a random start.
    package var start: Digest?
    package var samples: SampleSet
    /// An NPY file of shape (count), `<i4`, of classes from 0.
    package var labels: Digest
    /// What `settings.pseudoLabels` guesses labels of; empty without it.
    package var unlabeled: [SampleSet]
    package var seed: UInt64

    package init(
        network: NetworkSpec, classes: Int, settings: FineTuningSettings, start: Digest?, samples: SampleSet,
        labels: Digest, unlabeled: [SampleSet] = [], seed: UInt64
    ) {
        self.network = network
        self.classes = classes
        self.settings = settings
        self.start = start
        self.samples = samples
        self.labels = labels
        self.unlabeled = unlabeled
        self.seed = seed
    }

    /// Whether the task computes with the samples' codes, and trains nothing but the softmax layer.
    package var trainsOnCodes: Bool { start != nil && settings.encoderIsConstant }
}

/// Classify the test set with one draw's classifier.
package struct ClassifyWork: Codable, Hashable, Sendable {
    package var network: NetworkSpec
    package var classes: Int
    /// `network.classifierParameters(classes:)`.
    package var weights: Digest
    package var samples: SampleSet
    /// An NPY file of shape (count), `<i4`, of classes from 0.
    package var labels: Digest

    package init(network: NetworkSpec, classes: Int, weights: Digest, samples: SampleSet, labels: Digest) {
        self.network = network
        self.classes = classes
        self.weights = weights
        self.samples = samples
        self.labels = labels
    }
}
