import DataFormats
import FoundationEssentials
import ModelFormat
import PlanFile
import PrintableText
import RandomNumbers
import RunProtocol

/// Reads a plan's data and cuts them into blobs: shards, held-out samples, labeled draws, test set.
///
/// Which sample goes where depends on the plan's seed and the data's contents alone.
struct DataPreparation {
    let plan: StackedPlan
    let access: DataAccess

    /// The uses of the plan's seed, apart from its tasks.
    enum Stream {
        static let shuffle = Seed.derive(from: 0, 0x64617461)
        static let split = Seed.derive(from: 0, 0x74657374)
        static func validation(_ draw: Int) -> UInt64 { Seed.derive(from: 0, 0x76616c69, UInt64(draw)) }
        static func part(_ draw: Int) -> UInt64 { Seed.derive(from: 0, 0x70617274, UInt64(draw)) }
        static func draw(_ draw: Int) -> UInt64 { Seed.derive(from: 0, 0x64726177, UInt64(draw)) }
    }

    /// No more than one of the plan's files is in memory at a time.
    /// - Throws: `APIError` or `DataError` whenever the data are not what the plan needs.
    func prepare() throws -> StackedManifest {
        var (manifest, unlabeled) = try prepareUnlabeled()
        if let labeled = plan.data.labeled, plan.data.hasTest, plan.fineTuning != nil {
            try prepareLabeled(labeled, known: reusable(unlabeled.take(), for: labeled), into: &manifest)
        }
        try prepareOutputs(into: &manifest)
        if manifest.remarks?.isEmpty == true { manifest.remarks = nil }
        manifest.planHash = try hash(manifest)
        return manifest
    }

    /// The unlabeled samples where the labeled ones are the same: often one file, which is not read twice then.
    private func reusable(_ unlabeled: Source?, for labeled: LabeledSource) -> Source? {
        labeled.samples == plan.data.unlabeled && !labeled.labels.isColumn ? unlabeled : nil
    }

    // MARK: Unlabeled samples

    private func prepareUnlabeled() throws -> (StackedManifest, Source?) {
        let (rows, columnRemark) = try readUnlabeled()
        let path = plan.data.unlabeled.path
        let (image, imageRemark) = try self.image(of: rows, path: path)
        let network = NetworkSpec(inputSize: rows.size, image: image, layers: plan.layers)
        try plan.checkSizes(of: network, samples: rows.count)
        try access.checkMemory(plan.compiled(by: StackedManifest(ofSize: plan.smallest, plan, network)))
        let raw = try NumberRange(of: rows)
        try checkVariety(rows, raw, path: path)
        let remarks = rows.remarks + [columnRemark, imageRemark].compactMap(\.self)
        let source = Source(
            path: path, rows: rows, divisor: plan.data.unlabeled.divideBy ?? Self.divisor(of: rows, range: raw))
        let range = raw.divided(by: source.divisor)
        let (shards, heldOut) = try cut(source, range: range)
        var manifest = StackedManifest(
            planHash: heldOut.digest, inputSize: network.inputSize, image: network.image, shards: shards,
            heldOut: heldOut, columns: rows.columns, sampleShape: rows.sampleShape, range: range, remarks: remarks)
        if let limit = plan.data.unlabeled.limit, rows.count == limit {
            manifest.remarks?.append(
                "\(path.printable()): limit: \(limit) took the first \(limit) unlabeled samples, in their order there")
        }
        manifest.features = try FeatureSurvey(of: rows, dividedBy: source.divisor)
        return (manifest, source)
    }

    /// Reads the unlabeled samples, without the column that holds the labels of the labeled ones.
    private func readUnlabeled() throws -> (SampleRows, remark: String?) {
        let source = plan.data.unlabeled
        guard plan.fineTuning != nil, let labeled = plan.data.labeled, case .column(let name) = labeled.labels
        else { return (try read(source, labels: nil), nil) }
        let remark = "\(source.path.printable()): its column '\(name.printable())', which holds the labels, is left out"
        // In the file of the labeled samples a position means the same column.
        if source.path == labeled.samples.path { return (try read(source, labels: labeled.labels), remark) }
        let rows = try read(source, labels: nil)
        guard let place = rows.columns?.firstIndex(of: name) else { return (rows, nil) }
        return (rows.selecting((0..<rows.size).filter { $0 != place }), remark)
    }

    /// What the numbers of a run are divided by, where the plan does not say so: what they are stored as decides.
    private static func divisor(of rows: SampleRows, range: NumberRange) -> Double {
        if rows.type == .uint8 { return range.highest > 1 ? 255 : 1 }
        return rows.isImages && rows.elementType == "uint16" ? 65_535 : 1
    }

    /// How the samples lie as images; nil where they are none.
    /// - Throws: whenever channels stand first and it matters to the plan where a number lies.
    private func image(of rows: SampleRows, path: String) throws(APIError) -> (ImageShape?, remark: String?) {
        let shape = rows.sampleShape
        guard shape.count == 3, [1, 3, 4].contains(shape[0]), shape[0] < min(shape[1], shape[2])
        else { return (ImageShape(shape), nil) }
        // A single channel lies the same whether it stands first or last.
        guard shape[0] > 1 else { return (ImageShape(height: shape[1], width: shape[2], channels: 1), nil) }
        let text = "\(path): its samples have the shape \(shape), with the channels first"
        let needsPlaces =
            plan.layers.contains { $0.window != nil }
            || plan.autoencoderStages.contains { $0.settings.randomShift != nil }
        guard !needsPlaces else {
            throw APIError(
                .invalidData, "\(text); images are (height, width, channels)", hint: "save x.transpose(0, 2, 3, 1)")
        }
        return (nil, "\(text); so they are not drawn as images. x.transpose(0, 2, 3, 1) makes them images")
    }

    /// Nothing can be learnt from samples that are all the same.
    private func checkVariety(_ rows: SampleRows, _ range: NumberRange, path: String) throws {
        guard rows.count > 1, try rows.areAllAlike() else { return }
        let text =
            range.lowest == range.highest
            ? "every number of its samples is \(range.lowest)" : "all of its samples are alike"
        throw APIError(
            .invalidData, "\(path): \(text), so nothing can be learnt from them",
            hint: "look at it with cairn data inspect")
    }

    struct Source {
        var path: String
        var rows: SampleRows
        var divisor: Double
    }

    func read(_ source: SampleSource, labels: LabelSource?) throws -> SampleRows {
        let path = try access.locate(source.path)
        var options = ReadingOptions(source)
        if case .column(let name) = labels { options.without.append(name) }
        let rows = try SampleFile.rows(path, options)
        guard rows.size <= Limits.sampleSize, rows.count <= Limits.samples else {
            throw APIError(.invalidData, "\(source.path): has more or larger samples than can be trained on")
        }
        return rows
    }

    private func cut(_ source: Source, range: NumberRange) throws -> (shards: [SampleSet], heldOut: SampleSet) {
        let data = plan.data
        guard source.rows.count >= data.heldOut + data.shards else {
            throw APIError(
                .invalidData,
                "\(source.path): has \(source.rows.count) samples, too few for \(data.heldOut) held out and"
                    + " \(data.shards) shards", hint: "make data.held_out or data.shards smaller")
        }
        try checkRange(source, range)
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

    func store(_ source: Source, _ places: ArraySlice<Int32>) throws -> SampleSet {
        let rows = source.rows
        let digest = try access.put { append in
            try NPY.header(rows.type, count: places.count, size: rows.size).withUnsafeBytes(append)
            try rows.forEachPart(of: places, append)
        }
        return SampleSet(digest: digest, count: places.count, size: rows.size, divisor: source.divisor)
    }

    /// Binary cross-entropy is defined between 0 and 1 only.
    private func checkRange(_ source: Source, _ range: NumberRange) throws(APIError) {
        guard plan.stages.first?.loss == .binaryCrossEntropy, range.lowest < 0 || range.highest > 1 else { return }
        throw APIError(
            .invalidData,
            "\(source.path): its numbers go from \(range.lowest) to \(range.highest), but"
                + " binary_cross_entropy needs 0 to 1", hint: "set divide_by, or loss: mean_squared_error")
    }

    /// Samples whose codes are exported: read so that they match the unlabeled ones, and cut in their order.
    private func prepareOutputs(into manifest: inout StackedManifest) throws {
        guard let outputs = plan.outputs else { return }
        let size = manifest.network(of: plan.layers).codeSize
        manifest.outputs = try outputs.map { output in
            let source = try match(output.samples, nil, &manifest)
            let count = source.rows.count
            guard count >= output.shards else {
                throw APIError(
                    .invalidData, "\(output.samples.path): \(count) samples cannot be cut into \(output.shards) parts",
                    hint: "make the shards of the output \(output.name) fewer")
            }
            let (numbers, overflow) = count.divided(by: output.shards).multipliedReportingOverflow(by: size)
            guard !overflow, numbers <= Limits.parameters else {
                throw APIError(
                    .invalidPlan,
                    "a part of the output \(output.name) would have more than \(Limits.parameters) numbers",
                    hint: "give it more shards")
            }
            let places = Array(0..<Int32(count))
            let parts = try (0..<output.shards).map { part in
                try store(source, places[count * part / output.shards..<count * (part + 1) / output.shards])
            }
            return OutputSamples(name: output.name, parts: parts)
        }
    }

    // MARK: The plan's hash

    /// SHA-256 of all that the weights depend on: the plan without its name and paths, and the data as they were cut.
    private func hash(_ manifest: StackedManifest) throws -> Digest {
        struct Contents: Encodable {
            var plan: StackedPlan
            var data: [Digest]
        }
        var bare = plan
        bare.name = ""
        bare.verify = nil
        bare.data.removePaths()
        for index in (bare.outputs ?? []).indices { bare.outputs?[index].samples.path = "" }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        return Digest(of: try encoder.encode(Contents(plan: bare, data: manifest.blobs)))
    }
}

extension LabelSource { fileprivate var isColumn: Bool { if case .column = self { true } else { false } } }

extension ImageShape {
    /// - Parameter shape: a sample's, (height, width) or (height, width, channels); nil for any other.
    init?(_ shape: [Int]) {
        guard shape.count == 2 || shape.count == 3 else { return nil }
        self.init(height: shape[0], width: shape[1], channels: shape.count == 3 ? shape[2] : 1)
    }
}

extension StackedPlan {
    /// Every path that it names.
    var paths: [String] { data.paths + (outputs ?? []).map(\.samples.path) }
}

extension DataPlan {
    /// Every path that it names.
    fileprivate var paths: [String] {
        var paths = [unlabeled.path]
        for (samples, labels) in [(labeled?.samples, labeled?.labels), (test?.samples, test?.labels)] {
            if let samples { paths.append(samples.path) }
            switch labels {
            case .file(let path, _, _, _): paths.append(path)
            case .column, .folders, nil: break
            }
        }
        return paths
    }

    fileprivate mutating func removePaths() {
        unlabeled.path = ""
        labeled?.samples.path = ""
        test?.samples.path = ""
        labeled?.labels.removePath()
        test?.labels.removePath()
    }
}

extension LabelSource {
    fileprivate mutating func removePath() {
        guard case .file(_, let column, let header, let array) = self else { return }
        self = .file(path: "", column: column, header: header, array: array)
    }
}

extension ReadingOptions {
    /// How the plan says that its source is to be read.
    init(_ source: SampleSource) {
        self.init(
            limit: source.limit, header: source.header, without: source.without ?? [], array: source.array,
            background: source.background == .black ? .black : .white)
    }
}
