package import RunProtocol

/// What a plan's data came to when they were read and cut: blobs, by their digests.
package struct StackedManifest: Codable, Hashable, Sendable {
    /// SHA-256 of the plan's settings and the data's contents.
    package var planHash: Digest
    package var inputSize: Int
    /// How a sample's numbers lie where it is a picture.
    package var image: ImageShape?
    package var shards: [SampleSet]
    package var heldOut: SampleSet
    /// The labeled examples of each draw, cut into as many parts as fine-tuning has replicas, one draw's after the other's;
    /// empty where the plan has no labels.
    package var draws: [LabeledBlobs]
    /// Of each draw the examples that measure the rounds of a distributed fine-tuning; nil where there are none.
    package var validation: [LabeledBlobs]?
    package var test: LabeledBlobs?
    /// 0 where the plan has no labels.
    package var classes: Int
    /// The names of a sample's numbers, where its file names its columns.
    package var columns: [String]?
    /// The classes' names, in the order of their numbers; nil where the plan has no labels.
    package var classNames: [String]?
    /// How a sample lies in its file, such as [28, 28].
    package var sampleShape: [Int]?
    /// How far the unlabeled samples' numbers reach when they are divided.
    package var range: NumberRange?
    /// What people should know of how the data were read, a sentence each.
    package var remarks: [String]?
    /// What stands out among the features of unlabeled samples; nil where they are images or nothing does.
    package var features: FeatureSurvey?
    /// The samples whose codes are exported; nil where there are none.
    package var outputs: [OutputSamples]?
    /// The classes that no test sample has; nil where there are none.
    package var missingTestClasses: [Int]?

    package init(
        planHash: Digest, inputSize: Int, image: ImageShape? = nil, shards: [SampleSet], heldOut: SampleSet,
        draws: [LabeledBlobs] = [], test: LabeledBlobs? = nil, classes: Int = 0, columns: [String]? = nil,
        classNames: [String]? = nil, sampleShape: [Int]? = nil, range: NumberRange? = nil,
        remarks: [String]? = nil
    ) {
        (self.planHash, self.inputSize, self.image, self.shards) = (planHash, inputSize, image, shards)
        (self.heldOut, self.draws, self.test, self.classes, self.columns) = (heldOut, draws, test, classes, columns)
        (self.classNames, self.sampleShape, self.range, self.remarks) = (classNames, sampleShape, range, remarks)
    }
}

/// Samples whose codes are exported, cut into parts in their order.
package struct OutputSamples: Codable, Hashable, Sendable {
    package var name: String
    package var parts: [SampleSet]

    package init(name: String, parts: [SampleSet]) { (self.name, self.parts) = (name, parts) }
}

extension StackedManifest {
    /// The parts of each draw's labeled examples.
    /// - Parameter replicas: into how many each is cut.
    package func trials(replicas: Int) -> [[LabeledBlobs]] {
        stride(from: 0, to: draws.count, by: max(replicas, 1)).map {
            Array(draws[$0..<min($0 + max(replicas, 1), draws.count)])
        }
    }

    /// The encoder of these layers on samples of this size.
    package func network(of layers: [LayerSpec]) -> NetworkSpec {
        NetworkSpec(inputSize: inputSize, image: image, layers: layers)
    }

    /// All that the data were cut into.
    package var blobs: [Digest] {
        let labeled = draws + (validation ?? []) + [test].compactMap(\.self)
        return shards.map(\.digest) + [heldOut.digest] + labeled.flatMap { [$0.samples.digest, $0.labels] }
            + (outputs ?? []).flatMap { $0.parts.map(\.digest) }
    }

    /// What no weight was trained on: pictures of what has been learnt are drawn from it.
    package var unseenBlobs: [Digest] { [heldOut.digest] + (test.map { [$0.samples.digest, $0.labels] } ?? []) }
}
