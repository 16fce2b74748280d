import DataFormats
import FoundationEssentials
import ModelFormat
import PlanFile
import PrintableText
import RandomNumbers
import RunProtocol

/// Labeled samples and those to test on: read so that they match the unlabeled ones, in columns, shape, scale and classes.
extension DataPreparation {
    private struct Labeled {
        var source: Source
        /// A place in `names` for each sample.
        var labels: [Int32]
        var names: [String]
    }

    /// - Parameter known: the labeled samples, where they were read before.
    func prepareLabeled(_ labeled: LabeledSource, known: Source?, into manifest: inout StackedManifest) throws {
        let pool = try read(labeled.samples, labeled.labels, matching: &manifest, known: known)
        try Self.checkClasses(ClassLabels(names: pool.names, indices: pool.labels), of: labeled.samples)
        manifest.classNames = pool.names
        manifest.classes = pool.names.count
        let digests = try pool.source.rows.digests(dividedBy: pool.source.divisor)
        var places = Array(0..<Int32(pool.labels.count))
        if let share = plan.data.testSplit {
            let tested = split(pool, share: share)
            places = rest(of: pool, without: tested, digests, &manifest)
            try storeTest(pool, tested, into: &manifest)
        }
        for draw in 0..<labeled.draws {
            var picked = try pick(labeled, from: pool, places, draw: draw)
            if let count = plan.fineTuning?.validatedPerRound {
                let aside = validation(count, of: picked, in: pool, draw: draw)
                picked.removeAll { aside.contains($0) }
                manifest.validation = (manifest.validation ?? []) + [try store(pool, aside.sorted())]
            }
            manifest.draws += try parts(of: picked, labeled, draw: draw).map { try store(pool, $0) }
        }
        guard let test = plan.data.test else { return }
        try prepareTest(test, learnt: DigestSet(digests), into: &manifest)
    }

    private func prepareTest(_ test: LabeledTest, learnt: DigestSet, into manifest: inout StackedManifest) throws {
        var tested = try read(test.samples, test.labels, matching: &manifest)
        do {
            tested.labels = try ClassMatch.indices(
                tested.labels, of: tested.names, among: manifest.classNames ?? [], path: test.samples.path,
                whose: "no labeled example has")
        } catch {
            throw APIError(.invalidData, "\(error.path): \(error.message)", hint: error.hint)
        }
        try storeTest(tested, Array(0..<Int32(tested.labels.count)), into: &manifest)
        let same = try tested.source.rows.digests(dividedBy: tested.source.divisor).count { learnt.contains($0) }
        guard same > 0 else { return }
        manifest.remarks?.append(
            "\(test.samples.path.printable()): \(same) of the \(tested.labels.count) samples to test on are among the"
                + " labeled ones too, so the test error is not that of unknown samples; `test: {split: 0.2}` sets a"
                + " share of the labeled ones aside")
    }

    private func storeTest(_ tested: Labeled, _ places: [Int32], into manifest: inout StackedManifest) throws {
        try plan.checkFigures(
            of: manifest.network(of: plan.layers), classes: manifest.classNames ?? [], tested: places.count)
        manifest.test = try store(tested, places)
        let present = Set(places.map { tested.labels[Int($0)] })
        let missing = (0..<manifest.classes).filter { !present.contains(Int32($0)) }
        manifest.missingTestClasses = missing.isEmpty ? nil : missing
    }

    // MARK: Reading

    /// - Parameter known: the same samples, where they were read before.
    private func read(
        _ source: SampleSource, _ labels: LabelSource, matching manifest: inout StackedManifest, known: Source? = nil
    ) throws -> Labeled {
        let samples = try known ?? match(source, labels, &manifest)
        let classes = try read(labels, of: source, limit: source.limit)
        manifest.remarks? += classes.remarks
        try checkCounts(source, samples: samples.rows.count, labels: classes.indices.count)
        guard classes.names.count <= Limits.classes else {
            throw APIError(
                .invalidData, "\(source.path): has \(classes.names.count) classes; \(Limits.classes) are possible")
        }
        let isColumn = if case .column = labels { true } else { false }
        let all = source.limit == nil || isColumn ? nil : try read(labels, of: source, limit: nil)
        if let all {
            let whole = try header(of: source)
            if !whole.isEstimate { try checkCounts(source, samples: whole.count, labels: all.indices.count) }
        }
        let isLabeled = manifest.classNames == nil
        if let remark = Self.remark(onLimitOf: source, taken: classes, all: all, namingClasses: isLabeled) {
            manifest.remarks?.append(remark)
        }
        return Labeled(source: samples, labels: classes.indices, names: classes.names)
    }

    /// Labels that begin one place too early or too late are wrong for each sample.
    private func checkCounts(_ source: SampleSource, samples: Int, labels: Int) throws(APIError) {
        guard samples != labels else { return }
        throw APIError(
            .invalidData, "\(source.path): there are \(samples) samples but \(labels) labels",
            hint: "where the first line of one holds names, say header: true there")
    }

    private func header(of source: SampleSource) throws -> SampleHeader {
        try SampleFile.header(try access.locate(source.path), ReadingOptions(source))
    }

    /// Reads samples so that they match the unlabeled ones.
    func match(
        _ source: SampleSource, _ labels: LabelSource?, _ manifest: inout StackedManifest
    ) throws -> Source {
        var rows = try read(source, labels: labels)
        let expected = SampleExpectation(
            shape: manifest.sampleShape ?? [manifest.inputSize], columns: manifest.columns,
            divisor: manifest.shards[0].divisor, range: manifest.range)
        do {
            let order = try expected.order(
                of: source.path, shape: rows.sampleShape, columns: rows.columns, .plan)
            if let places = order.places { rows = rows.selecting(places) }
            let divisor = try expected.divisor(
                of: source.path, range: NumberRange(of: rows), own: source.divideBy, .plan)
            manifest.remarks? += rows.remarks + order.remarks
            return Source(path: source.path, rows: rows, divisor: divisor)
        } catch let mismatch as SampleMismatch {
            throw APIError(.invalidData, mismatch.description)
        }
    }

    private func read(_ labels: LabelSource, of source: SampleSource, limit: Int?) throws -> ClassLabels {
        var options = ReadingOptions(limit: limit)
        switch labels {
        case .file(let path, let column, let header, let array):
            (options.header, options.array) = (header, array)
            return try SampleFile.labels(try access.locate(path), column: column, options)
        case .column(let name):
            options.header = source.header
            return try SampleFile.labels(try access.locate(source.path), column: name, options)
        case .folders: return try SampleFile.folderLabels(try access.locate(source.path), limit: limit)
        }
    }

    // MARK: Drawing

    /// The samples to test on: of a random order the first of each class, at least one and never all.
    private func split(_ pool: Labeled, share: Double) -> [Int32] {
        var wanted = [Int](repeating: 0, count: pool.names.count)
        for label in pool.labels { wanted[Int(label)] += 1 }
        wanted = wanted.map { min(max(1, Int((Double($0) * share).rounded())), $0 - 1) }
        var random = Philox(key: plan.seed, stream: Stream.split)
        let picked = random.permutation(of: pool.labels.count).filter { place in
            let label = Int(pool.labels[Int(place)])
            wanted[label] -= 1
            return wanted[label] >= 0
        }
        return picked.sorted()
    }

    /// What is left to learn from: none that is set aside, and none that equals one of those.
    private func rest(
        of pool: Labeled, without tested: [Int32], _ digests: [ShortDigest], _ manifest: inout StackedManifest
    ) -> [Int32] {
        let (aside, unknown) = (Set(tested), DigestSet(tested.map { digests[Int($0)] }))
        let others = (0..<Int32(pool.labels.count)).filter { !aside.contains($0) }
        let rest = others.filter { !unknown.contains(digests[Int($0)]) }
        var remark =
            "\(pool.source.path.printable()): \(tested.count) of its \(pool.labels.count) samples are set aside to"
        remark += " test on"
        if rest.count < others.count {
            remark += "; \(others.count - rest.count) others that equal one of these are not learnt from"
        }
        manifest.remarks?.append(remark)
        return rest
    }

    /// The examples of one draw: of a random order the first of each class.
    /// - Parameter places: of the samples that may be drawn.
    private func pick(_ source: LabeledSource, from pool: Labeled, _ places: [Int32], draw: Int) throws -> [Int32] {
        guard let perClass = source.perClass else { return places }
        var random = Philox(key: plan.seed, stream: Stream.draw(draw))
        var taken = [Int](repeating: 0, count: pool.names.count)
        var picked: [Int32] = []
        var isAllowed = [Bool](repeating: false, count: pool.labels.count)
        for place in places { isAllowed[Int(place)] = true }
        for place in random.permutation(of: pool.labels.count) where isAllowed[Int(place)] {
            let label = Int(pool.labels[Int(place)])
            guard taken[label] < perClass else { continue }
            taken[label] += 1
            picked.append(place)
        }
        guard let poor = taken.firstIndex(where: { $0 < perClass }) else { return picked }
        throw APIError(
            .invalidData,
            "\(source.samples.path): class \(ClassMatch.title(pool.names[poor])) has \(taken[poor]) examples, fewer than"
                + " per_class: \(perClass)", hint: "make data.labeled.per_class smaller")
    }

    /// Up to `count` of each class's examples of one draw; one of each class at least is left.
    private func validation(_ count: Int, of places: [Int32], in pool: Labeled, draw: Int) -> Set<Int32> {
        func label(_ place: Int32) -> Int { Int(pool.labels[Int(place)]) }
        var (taken, left) = ([Int](repeating: 0, count: pool.names.count), [Int](repeating: 0, count: pool.names.count))
        for place in places { left[label(place)] += 1 }
        var random = Philox(key: plan.seed, stream: Stream.validation(draw))
        let aside = random.permutation(of: places.count).map { places[Int($0)] }.filter { place in
            guard taken[label(place)] < count, left[label(place)] > 1 else { return false }
            taken[label(place)] += 1
            left[label(place)] -= 1
            return true
        }
        return Set(aside)
    }

    /// The examples of one draw in a random order, cut into as many parts as fine-tuning has replicas.
    private func parts(of places: [Int32], _ source: LabeledSource, draw: Int) throws(APIError) -> [[Int32]] {
        let count = plan.fineTuning?.replicas ?? 1
        guard count > 1 else { return [places] }
        guard places.count >= count else {
            throw APIError(
                .invalidData,
                "\(source.samples.path): \(places.count) labeled examples cannot be cut into \(count) parts",
                hint: "make fine_tuning.replicas smaller")
        }
        var random = Philox(key: plan.seed, stream: Stream.part(draw))
        let order = random.permutation(of: places.count).map { places[Int($0)] }
        return (0..<count).map { Array(order[order.count * $0 / count..<order.count * ($0 + 1) / count]) }
    }

    private func store(_ labeled: Labeled, _ places: [Int32]) throws -> LabeledBlobs {
        let bytes = NPY.encode(labels: places.map { labeled.labels[Int($0)] })
        let labels = try access.put { try bytes.withUnsafeBytes($0) }
        return LabeledBlobs(samples: try store(labeled.source, places[...]), labels: labels)
    }
}
