package import Coordination
import DataFormats
import FoundationEssentials
import RandomNumbers
package import RunProtocol
package import RunStore

/// Reads a plan's data and cuts them into blobs: shards, held-out samples, labeled draws, test set.
///
/// Which sample goes where depends on the plan's seed and the data's contents alone.
package struct DataPreparation {
    let plan: Plan
    /// What the plan's relative paths start from.
    let folder: String
    let folders: DataFolders
    let blobs: BlobFolder

    package init(plan: Plan, folder: String, folders: DataFolders, blobs: BlobFolder) {
        self.plan = plan
        self.folder = folder
        self.folders = folders
        self.blobs = blobs
    }

    /// The uses of the plan's seed, apart from its tasks.
    private enum Stream {
        static let shuffle = Seed.derive(from: 0, 0x64617461)
        static func draw(_ draw: Int) -> UInt64 { Seed.derive(from: 0, 0x64726177, UInt64(draw)) }
    }

    /// Finds every path of the plan without reading any data.
    func checkPaths() throws(APIError) {
        for path in plan.data.paths { _ = try folders.locate(path, from: folder) }
    }

    /// No more than one of the plan's files is in memory at a time.
    ///
    /// - Throws: `APIError` or `DataError` whenever the data are not what the plan needs.
    package func prepare() throws -> DataManifest {
        var (manifest, unlabeled) = try prepareUnlabeled()
        if let labeled = plan.data.labeled, let test = plan.data.test, plan.fineTuning != nil {
            // Often the same file, which is not read twice then; but a column of labels belongs to no sample.
            if labeled.samples != plan.data.unlabeled || labeled.labels.isColumn { unlabeled = nil }
            try prepareDraws(labeled, known: unlabeled, into: &manifest)
            unlabeled = nil
            try prepareTest(test, into: &manifest)
        }
        manifest.planHash = try hash(manifest)
        return manifest
    }

    private func prepareUnlabeled() throws -> (DataManifest, Source?) {
        let unlabeled = try read(plan.data.unlabeled, labels: nil)
        let network = NetworkSpec(
            inputSize: unlabeled.rows.size, image: ImageShape(unlabeled.rows.sampleShape), layers: plan.layers)
        try plan.checkSizes(of: network, samples: unlabeled.rows.count)
        let (shards, heldOut) = try cut(unlabeled)
        let manifest = DataManifest(
            planHash: heldOut.digest, inputSize: network.inputSize, image: network.image, shards: shards,
            heldOut: heldOut)
        return (manifest, unlabeled)
    }

    // MARK: Unlabeled samples

    private struct Source {
        var path: String
        var rows: SampleRows
        var divisor: Double
    }

    private func read(_ source: SampleSource, labels: LabelSource?) throws -> Source {
        let path = try folders.locate(source.path, from: folder)
        var column: String?
        if case .column(let name) = labels { column = name }
        let rows = try SampleFile.rows(path, limit: source.limit, leavingOut: column)
        guard rows.size <= Limits.sampleSize, rows.count <= Limits.samples else {
            throw APIError(.invalidData, "\(source.path): has more or larger samples than can be trained on")
        }
        let divisor = source.divideBy ?? (rows.type == .uint8 ? 255 : 1)
        return Source(path: source.path, rows: rows, divisor: divisor)
    }

    private func cut(_ source: Source) throws -> (shards: [SampleSet], heldOut: SampleSet) {
        let data = plan.data
        guard source.rows.count >= data.heldOut + data.shards else {
            throw APIError(
                .invalidData,
                "\(source.path): has \(source.rows.count) samples, too few for \(data.heldOut) held out and"
                    + " \(data.shards) shards", hint: "make data.held_out or data.shards smaller")
        }
        try checkRange(source)
        var random = Philox(key: plan.seed, stream: Stream.shuffle)
        let order = random.permutation(of: source.rows.count)
        let heldOut = try store(source, order[..<data.heldOut])
        let rest = order[data.heldOut...]
        let shards = try (0..<data.shards).map { shard in
            let start = rest.startIndex + rest.count * shard / data.shards
            let end = rest.startIndex + rest.count * (shard + 1) / data.shards
            return try store(source, rest[start..<end])
        }
        return (shards, heldOut)
    }

    private func store(_ source: Source, _ places: ArraySlice<Int32>) throws -> SampleSet {
        let rows = source.rows
        let digest = try blobs.put { append in
            try NPY.header(rows.type, count: places.count, size: rows.size).withUnsafeBytes(append)
            try rows.forEachPart(of: places, append)
        }
        return SampleSet(digest: digest, count: places.count, size: rows.size, divisor: source.divisor)
    }

    /// Binary cross-entropy is defined between 0 and 1 only.
    private func checkRange(_ source: Source) throws {
        guard plan.stages.first?.loss == .binaryCrossEntropy else { return }
        let range = try source.rows.range()
        let (lowest, highest) = (range.lowerBound, range.upperBound)
        guard lowest / source.divisor >= 0, highest / source.divisor <= 1 else {
            throw APIError(
                .invalidData,
                "\(source.path): its numbers go from \(lowest / source.divisor) to \(highest / source.divisor), but"
                    + " binary_cross_entropy needs 0 to 1", hint: "set divide_by, or loss: mean_squared_error")
        }
    }

    // MARK: Labels

    private struct Labeled {
        var source: Source
        var labels: [Int32]
    }

    /// - Parameter known: the same samples, where they were read before.
    private func read(
        _ source: SampleSource, _ labels: LabelSource, inputSize: Int, known: Source? = nil
    ) throws -> Labeled {
        let samples = try known ?? read(source, labels: labels)
        guard samples.rows.size == inputSize else {
            throw APIError(
                .invalidData,
                "\(source.path): its samples have \(samples.rows.size) numbers, the unlabeled ones have \(inputSize)",
                hint: "labeled, test and unlabeled samples must have the same size")
        }
        let classes = try read(labels, of: samples.path, limit: source.limit)
        guard classes.count == samples.rows.count else {
            throw APIError(
                .invalidData, "\(source.path): there are \(samples.rows.count) samples but \(classes.count) labels")
        }
        guard classes.allSatisfy({ $0 < Limits.classes }) else {
            throw APIError(.invalidData, "\(source.path): a label is above \(Limits.classes - 1)")
        }
        return Labeled(source: samples, labels: classes)
    }

    private func read(_ labels: LabelSource, of samples: String, limit: Int?) throws -> [Int32] {
        switch labels {
        case .file(let path):
            let all = try SampleFile.labels(try folders.locate(path, from: folder))
            return Array(all.prefix(limit ?? all.count))
        case .column(let name):
            return try SampleFile.labels(
                column: name, ofCSV: try folders.locate(samples, from: folder), limit: limit)
        case .folders:
            return try SampleFile.folderLabels(try folders.locate(samples, from: folder), limit: limit)
        }
    }

    private func prepareDraws(_ labeled: LabeledSource, known: Source?, into manifest: inout DataManifest) throws {
        let pool = try read(labeled.samples, labeled.labels, inputSize: manifest.inputSize, known: known)
        manifest.classes = Int(pool.labels.max() ?? 0) + 1
        let classes = manifest.classes
        manifest.draws = try (0..<labeled.draws).map { draw in
            try store(pool, try pick(labeled, from: pool.labels, draw: draw, classes: classes))
        }
    }

    private func prepareTest(_ test: LabeledTest, into manifest: inout DataManifest) throws {
        let tested = try read(test.samples, test.labels, inputSize: manifest.inputSize)
        if let stranger = tested.labels.first(where: { $0 >= manifest.classes }) {
            throw APIError(
                .invalidData,
                "\(test.samples.path): has the class \(stranger), which no labeled example has",
                hint: "labels count from 0, the same in both files")
        }
        try plan.checkFigures(
            of: manifest.network(of: plan.layers), classes: manifest.classes, tested: tested.labels.count)
        manifest.test = try store(tested, Array(0..<Int32(tested.labels.count)))
    }

    /// The examples of one draw: of a random order the first of each class.
    private func pick(_ source: LabeledSource, from labels: [Int32], draw: Int, classes: Int) throws -> [Int32] {
        guard let perClass = source.perClass else { return Array(0..<Int32(labels.count)) }
        var random = Philox(key: plan.seed, stream: Stream.draw(draw))
        var taken = [Int](repeating: 0, count: classes)
        var picked: [Int32] = []
        for place in random.permutation(of: labels.count) {
            let label = Int(labels[Int(place)])
            guard taken[label] < perClass else { continue }
            taken[label] += 1
            picked.append(place)
        }
        guard let poor = taken.firstIndex(where: { $0 < perClass }) else { return picked }
        throw APIError(
            .invalidData,
            "\(source.samples.path): class \(poor) has \(taken[poor]) examples, fewer than per_class: \(perClass)",
            hint: "make data.labeled.per_class smaller")
    }

    private func store(_ labeled: Labeled, _ places: [Int32]) throws -> LabeledBlobs {
        let labels = try blobs.put(NPY.encode(labels: places.map { labeled.labels[Int($0)] }))
        return LabeledBlobs(samples: try store(labeled.source, places[...]), labels: labels)
    }

    // MARK: The plan's hash

    /// SHA-256 of all that the weights depend on: the plan without its name and paths, and the data as they were cut.
    private func hash(_ manifest: DataManifest) throws -> Digest {
        struct Contents: Encodable {
            var plan: Plan
            var data: [Digest]
        }
        var bare = plan
        bare.name = ""
        bare.verify = nil
        bare.data.removePaths()
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        return Digest(of: try encoder.encode(Contents(plan: bare, data: manifest.blobs)))
    }
}

extension LabelSource {
    fileprivate var isColumn: Bool {
        if case .column = self { true } else { false }
    }
}

extension ImageShape {
    /// - Parameter shape: a sample's, (height, width) or (height, width, channels); nil for any other.
    fileprivate init?(_ shape: [Int]) {
        guard shape.count == 2 || shape.count == 3 else { return nil }
        self.init(height: shape[0], width: shape[1], channels: shape.count == 3 ? shape[2] : 1)
    }
}

extension DataPlan {
    /// Every path that the plan names.
    var paths: [String] {
        var paths = [unlabeled.path]
        for (samples, labels) in [(labeled?.samples, labeled?.labels), (test?.samples, test?.labels)] {
            if let samples { paths.append(samples.path) }
            if case .file(let path) = labels { paths.append(path) }
        }
        return paths
    }

    fileprivate mutating func removePaths() {
        unlabeled.path = ""
        labeled?.samples.path = ""
        test?.samples.path = ""
        if case .file = labeled?.labels { labeled?.labels = .file(path: "") }
        if case .file = test?.labels { test?.labels = .file(path: "") }
    }
}
