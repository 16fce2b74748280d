import Averaging
import DataFormats
import ModelFormat
import RunProtocol

extension StackedPlan {
    /// A status has some 170 bytes of each round, and must fit into `Limits.messageBytes`.
    private static let mostRounds = 15_000

    /// The least data that it can have.
    var smallest: DataSizes { DataSizes(samples: data.heldOut + data.shards, labeled: 0, tested: 0, classes: 0) }

    /// Whether networks on samples of this size can be held and averaged: known only when the data have been seen.
    /// - Parameter samples: how many there are.
    func checkSizes(of network: NetworkSpec, samples: Int) throws(APIError) {
        let isMoving = autoencoderStages.contains { $0.settings.randomShift != nil }
        let noPictures =
            isMoving && network.image == nil ? "random_shift moves pictures, but the samples are none" : nil
        if let problem = network.problem ?? noPictures {
            throw APIError(
                .invalidPlan, problem,
                hint: "pictures are (height, width) or (height, width, channels): an IDX or NPY file, or a folder")
        }
        for stage in autoencoderStages {
            let count = stage.parameters(of: network).elementCount
            guard count <= Limits.parameters else {
                throw APIError(
                    .invalidPlan,
                    "\(stage.name) would have \(count) weights; at most \(Limits.parameters) are possible",
                    hint: "give it fewer units")
            }
            let (inRound, overflow) = (samples * stage.settings.localEpochs)
                .multipliedReportingOverflow(by: stage.settings.replicas)
            guard !overflow, inRound <= FixedPoint.largestTotal else {
                throw APIError(
                    .invalidPlan, "a round of \(stage.name) would be trained on too many samples to be averaged",
                    hint: "make local_epochs or replicas smaller")
            }
        }
        let whole = network.stackParameters(count: layers.count).elementCount
        guard whole <= Limits.parameters else {
            throw APIError(
                .invalidPlan, "the network would have \(whole) weights; at most \(Limits.parameters) are possible",
                hint: "give its layers fewer units")
        }
        let rounds = autoencoderStages.reduce(0) { $0 + $1.settings.rounds }
        guard rounds <= Self.mostRounds else {
            throw APIError(
                .invalidPlan, "all layers together have \(rounds) rounds; at most \(Self.mostRounds) can be reported",
                hint: "make rounds smaller and local_epochs larger")
        }
    }

    /// Whether the confusion matrices of so many classes fit into messages.
    func checkFigures(of network: NetworkSpec, classes names: [String], tested: Int) throws(APIError) {
        let classes = names.count
        guard network.codeSize * classes <= Limits.parameters else {
            throw APIError(
                .invalidPlan, "the classifier of \(classes) classes would have too many weights",
                hint: "give the last layer fewer units")
        }
        if case .list(let weights)? = fineTuning?.classWeights, weights.count != classes {
            throw APIError(
                .invalidPlan,
                "fine_tuning.class_weights has \(weights.count) numbers, but there are \(classes) classes",
                hint: "give one for each class, in this order: \(ClassMatch.list(names))")
        }
        guard names.reduce(0, { $0 + $1.utf8.count }) <= Limits.messageBytes / 16 else {
            throw APIError(.invalidData, "the names of the classes are too long to be reported", hint: "shorten them")
        }
        // A zero and its comma for each field, and the digits of those that count something.
        let bytes = classes * (2 * classes + 2) + 10 * min(classes * classes, tested)
        let draws = (data.labeled?.draws ?? 0) * (fineTuning?.compareFromScratch == true ? 2 : 1)
        guard bytes <= Limits.updateHeaderBytes / 2, bytes * draws <= Limits.messageBytes / 2 else {
            throw APIError(
                .invalidData, "the results of \(draws) tests with \(classes) classes are too large to be reported",
                hint: "take fewer classes or make data.labeled.draws smaller")
        }
    }
}

/// How much there is of a plan's data.
struct DataSizes {
    /// Unlabeled samples, those held out among them.
    var samples: Int
    var labeled: Int
    var tested: Int
    var classes: Int
}

extension StackedManifest {
    /// As it would be for so much data, but for the digests.
    init(ofSize data: DataSizes, _ plan: StackedPlan, _ network: NetworkSpec) {
        let blob = Digest(of: [])
        func samples(_ count: Int) -> SampleSet {
            SampleSet(digest: blob, count: max(count, 1), size: network.inputSize, divisor: 1)
        }
        let shards = max(plan.data.shards, 1)
        let inShard = (data.samples - plan.data.heldOut + shards - 1) / shards
        func labeled(_ count: Int) -> LabeledBlobs { LabeledBlobs(samples: samples(count), labels: blob) }
        let replicas = plan.fineTuning?.replicas ?? 1
        let draws = data.classes > 0 ? (plan.data.labeled?.draws ?? 0) * replicas : 0
        self.init(
            planHash: blob, inputSize: network.inputSize, image: network.image,
            shards: [SampleSet](repeating: samples(inShard), count: shards), heldOut: samples(plan.data.heldOut),
            draws: [LabeledBlobs](repeating: labeled(data.labeled.divided(by: replicas)), count: draws),
            test: draws > 0 ? labeled(data.tested) : nil, classes: data.classes)
        if let perClass = plan.fineTuning?.validatedPerRound, draws > 0 {
            let own = labeled(min(perClass * data.classes, data.labeled))
            validation = [LabeledBlobs](repeating: own, count: plan.data.labeled?.draws ?? 0)
        }
    }
}
