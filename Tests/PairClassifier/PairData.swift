import DataFormats
import FoundationEssentials
import PlanFile
import RandomNumbers
import RunProtocol

/// What the data of a plan came to.
struct PairManifest: Codable, Hashable {
    /// Two values and a class for each sample.
    struct Part: Codable, Hashable {
        var count: Int
        var left: Digest
        var right: Digest
        var labels: Digest
    }

    var planHash: Digest
    var leftSize: Int
    var rightSize: Int
    var classNames: [String]
    /// The names of the left numbers, then of the right ones; nil where a file has none.
    var columns: [String]?
    var shards: [Part]
    var heldOut: Part

    func fields(_ part: Part) -> FieldSet {
        FieldSet(
            count: part.count,
            fields: [
                Field("left", part.left, .values(size: leftSize, divisor: 1)),
                Field("right", part.right, .values(size: rightSize, divisor: 1)),
                Field("labels", part.labels, .classes(count: classNames.count)),
            ])
    }
}

extension PairPlan {
    func prepare(_ access: DataAccess) throws -> PairManifest {
        let first = try SampleFile.rows(access.locate(left))
        let second = try SampleFile.rows(access.locate(right))
        let classes = try SampleFile.labels(access.locate(labels))
        guard first.count == second.count, first.count == classes.indices.count else {
            throw APIError(
                .invalidData,
                "\(left), \(right) and \(labels) have \(first.count), \(second.count) and \(classes.indices.count)"
                    + " samples", hint: "the same rows must be in all three")
        }
        guard first.count >= heldOut + shards else {
            throw APIError(.invalidData, "\(left): \(first.count) samples are too few for \(shards) shards")
        }
        var random = Philox(key: seed, stream: 0)
        let order = random.permutation(of: first.count)
        func part(_ places: ArraySlice<Int32>) throws -> PairManifest.Part {
            func values(_ rows: SampleRows) throws -> Digest {
                try access.put { append in
                    try NPY.header(rows.type, count: places.count, size: rows.size).withUnsafeBytes(append)
                    try rows.forEachPart(of: places, append)
                }
            }
            let own = NPY.encode(labels: places.map { classes.indices[Int($0)] })
            return PairManifest.Part(
                count: places.count, left: try values(first), right: try values(second),
                labels: try access.put { try own.withUnsafeBytes($0) })
        }
        let rest = order[heldOut...]
        var manifest = PairManifest(
            planHash: Digest(of: []), leftSize: first.size, rightSize: second.size, classNames: classes.names,
            columns: first.columns.flatMap { left in second.columns.map { left + $0 } },
            shards: try (0..<shards).map { shard in
                let start = rest.startIndex + rest.count * shard / shards
                return try part(rest[start..<rest.startIndex + rest.count * (shard + 1) / shards])
            }, heldOut: try part(order[..<heldOut]))
        let whole = DataManifest(encoding: manifest)
        try access.checkMemory(compiled(by: manifest))
        manifest.planHash = Digest(of: Array("\(settingsText) \(whole.blobs.map(\.hex))".utf8))
        return manifest
    }

    /// All that weights depend on, beside the data.
    private var settingsText: String {
        "\(seed) \(units) \(stages) \(rounds) \(replicas) \(epochs) \(momentum ?? -1) \(batchSize)"
            + " \(learningRate) \(patience ?? 0) \(improvement) \(trials)"
    }

    func estimate(locate: (String) -> String) throws -> DataEstimate {
        let headers = try [left, right].map { try SampleFile.header(locate($0)) }
        let count = headers[0].count
        let sizes = headers.map { $0.sampleShape.reduce(1, *) }
        let bytes = count * (sizes[0] * headers[0].numberBytes + sizes[1] * headers[1].numberBytes + 4)
        guard count >= heldOut + shards else {
            return DataEstimate(run: nil, bytes: bytes, isEstimate: false, problems: ["\(left): too few samples"])
        }
        return DataEstimate(
            run: compiled(by: .sized(sizes[0], sizes[1], samples: count, shards: shards, heldOut: heldOut)),
            bytes: bytes, isEstimate: headers.contains(where: \.isEstimate))
    }
}

extension PairManifest {
    /// As it would be of so many samples, but for the digests.
    static func sized(_ left: Int, _ right: Int, samples: Int, shards: Int, heldOut: Int) -> PairManifest {
        func part(_ name: String, _ count: Int) -> Part {
            func digest(_ field: String) -> Digest { Digest(of: Array("\(name) \(field)".utf8)) }
            return Part(count: count, left: digest("left"), right: digest("right"), labels: digest("labels"))
        }
        return PairManifest(
            planHash: Digest(of: []), leftSize: left, rightSize: right, classNames: ["a", "b"],
            shards: (0..<shards).map { part("shard \($0)", (samples - heldOut) / shards) },
            heldOut: part("held out", heldOut))
    }
}
