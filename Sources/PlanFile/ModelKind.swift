package import DataFormats
package import FoundationEssentials
package import ModelFormat
package import RunProtocol

/// A kind of model: how a plan of it is read, what its data come to, what its runs do, and what can be seen of what they
/// learn. Everything else works on what it gives: stages, tasks, blobs, metrics and tables. docs/extending.md leads through
/// one.
package protocol ModelKind: Sendable {
    /// What a plan's key `model` says.
    var name: String { get }
    /// A plan to start from, as YAML with comments.
    var template: String { get }
    /// YAML that has every section, so that every key is read.
    var everySection: String { get }
    /// What the results of all its stages are: metrics have their names before there is a run.
    var outputs: [StageOutputs] { get }

    /// Reads a plan's keys, beside those that all plans have. What is wrong is noted in the section.
    /// - Parameter common: with what all plans say.
    /// - Returns: a plan whose `settings` are right wherever nothing was noted.
    func read(_ top: Section, _ common: Plan) -> Plan
    /// What is known of a run before its data are.
    func outline(of plan: Plan) throws -> RunOutline
    /// What the plan says, a line each, for those who check it.
    func summary(of plan: Plan) throws -> [String]
    /// Every file and folder that it names.
    func paths(of plan: Plan) throws -> [String]
    /// What it takes, by the headers of its data alone.
    /// - Parameter locate: where a path of the plan lies.
    func estimate(of plan: Plan, locate: (String) -> String) throws -> DataEstimate
    /// Reads the data and cuts them into blobs. Which sample goes where depends on the plan and the data's contents alone.
    /// - Throws: `APIError` whenever the data are not what the plan needs.
    func prepare(_ plan: Plan, _ access: DataAccess) throws -> DataManifest
    /// All that a run does: a pure function.
    func compile(_ plan: Plan, _ manifest: DataManifest) throws -> CompiledRun

    /// What a view shows now: it is drawn anew whenever this is another.
    /// - Parameter stage: nil for the last one that has learnt something.
    /// - Throws: `.notFound` or `.conflict` whenever there is nothing to draw.
    func subject(of view: ViewDescription, stage: Int?, _ run: RunResults) throws(APIError) -> ViewSubject
    func draw(_ view: ViewDescription, _ subject: ViewSubject, _ run: RunResults) throws -> Drawing

    /// The description in a file that an earlier version exported; nil where it is none of such a model.
    func description(ofEarlier json: Data) -> ModelDescription?
    /// Training to measure, by the sizes that are asked for; nil where this kind has none.
    /// - Throws: `.badRequest` for what it cannot be.
    func benchmark(_ choice: BenchmarkChoice) throws(APIError) -> (name: String, work: TrainWork)?
}

/// Of a kind of model of which nothing is drawn, and which has no earlier format.
extension ModelKind {
    package func description(ofEarlier json: Data) -> ModelDescription? { nil }

    package func benchmark(_ choice: BenchmarkChoice) throws(APIError) -> (name: String, work: TrainWork)? { nil }

    package func subject(of view: ViewDescription, stage: Int?, _ run: RunResults) throws(APIError) -> ViewSubject {
        throw APIError(.notFound, "nothing is drawn of the model \(name)")
    }

    package func draw(_ view: ViewDescription, _ subject: ViewSubject, _ run: RunResults) throws -> Drawing {
        throw APIError(.notFound, "nothing is drawn of the model \(name)")
    }
}

/// The stage that a view shows, and the weights that it is drawn from.
package struct ViewSubject: Hashable, Sendable {
    package var stage: Int
    package var weights: Digest

    package init(stage: Int, weights: Digest) { (self.stage, self.weights) = (stage, weights) }
}

/// The files that a plan may read, and the blobs that they are cut into.
package struct DataAccess: Sendable {
    /// Appends bytes to a blob.
    package typealias Append = (UnsafeRawBufferPointer) throws -> Void

    /// Where a path of the plan lies.
    /// - Throws: `.invalidData` whenever nothing is there or it may not be read.
    package let locate: @Sendable (String) throws(APIError) -> String
    /// Keeps what is appended as a blob.
    package let put: @Sendable (_ write: (Append) throws -> Void) throws -> Digest
    /// Throws whenever the coordinator has not the memory for all steps of such a run.
    package let checkMemory: @Sendable (CompiledRun) throws(APIError) -> Void

    package init(
        locate: @escaping @Sendable (String) throws(APIError) -> String,
        put: @escaping @Sendable (_ write: (Append) throws -> Void) throws -> Digest,
        checkMemory: @escaping @Sendable (CompiledRun) throws(APIError) -> Void
    ) {
        (self.locate, self.put, self.checkMemory) = (locate, put, checkMemory)
    }
}

/// What a plan's data would come to, by their headers.
package struct DataEstimate: Sendable {
    /// As it would be but for the digests; nil where such data will be refused.
    package var run: CompiledRun?
    /// On the disk, once they are cut.
    package var bytes: Int
    /// Whether a header does not tell how many samples there are.
    package var isEstimate: Bool
    /// Why the coordinator will refuse them.
    package var problems: [String]

    package init(run: CompiledRun?, bytes: Int, isEstimate: Bool, problems: [String] = []) {
        (self.run, self.bytes, self.isEstimate, self.problems) = (run, bytes, isEstimate, problems)
    }
}

/// What `cairn bench train` is asked to measure.
package struct BenchmarkChoice: Sendable {
    /// Numbers of a sample, and units of the code.
    package var inputs: Int
    package var units: Int
    /// Convolutions of 28 x 28 images, instead of a dense layer of these sizes.
    package var isConvolution: Bool
    package var decoder: String
    package var batchSize: Int
    package var samples: Int
    package var precision: Precision

    package init(
        inputs: Int, units: Int, isConvolution: Bool, decoder: String, batchSize: Int, samples: Int,
        precision: Precision = .float32
    ) {
        (self.inputs, self.units, self.isConvolution, self.decoder) = (inputs, units, isConvolution, decoder)
        (self.batchSize, self.samples, self.precision) = (batchSize, samples, precision)
    }
}

/// The kinds of model that a program knows.
package struct ModelKinds: Sendable {
    /// Plans that do not name theirs are of the first.
    package let all: [any ModelKind]

    package init(_ all: [any ModelKind]) {
        precondition(Set(all.map(\.name)).count == all.count, "each kind has a name of its own")
        self.all = all
    }

    /// - Parameter name: nil for the first kind.
    package subscript(name: String?) -> (any ModelKind)? {
        name.map { name in all.first { $0.name == name } } ?? all.first
    }

    /// The kind of a plan.
    package func kind(of plan: Plan) throws(APIError) -> any ModelKind { try kind(named: plan.model) }

    /// - Parameter name: nil for the first kind.
    package func kind(named name: String?) throws(APIError) -> any ModelKind {
        guard let kind = self[name] else {
            throw APIError(
                .invalidPlan, "this version knows no model \(name ?? "")",
                hint: "it knows \(all.map(\.name).joined(separator: ", "))")
        }
        return kind
    }

    /// Reads an exported file, of an earlier version too; it is not in memory beside its weights.
    /// - Throws: whenever it is not one, or its tensors are not those that its description names.
    package func model(file path: String) throws(DataError) -> Model {
        try Model(try Safetensors(file: path), path: path, earlier: description(ofEarlier:))
    }

    package func model(decoding bytes: [UInt8], path: String) throws(DataError) -> Model {
        try Model(try Safetensors(decoding: bytes, path: path), path: path, earlier: description(ofEarlier:))
    }

    private func description(ofEarlier json: Data) -> ModelDescription? {
        all.lazy.compactMap { $0.description(ofEarlier: json) }.first
    }

    /// What makes stages of any of their plans.
    package var compiler: StageCompiler {
        StageCompiler(
            outputs: all.flatMap(\.outputs),
            outline: { plan in
                (try? kind(of: plan).outline(of: plan)) ?? RunOutline(stages: [], remarks: [])
            },
            compile: { plan, manifest in try kind(of: plan).compile(plan, manifest) })
    }
}
