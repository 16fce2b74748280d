/// One part of a run, which its plan's compiler has made: something trained round by round, or tasks that are done once.
/// Everything that a run goes through is stages; what kinds of them there are the compiler alone knows.
///
/// A stage is a pure description: the same plan and data give the same stages, so nothing of them is kept on the disk.
package protocol Stage: Sendable {
    /// For people, such as `layer 1`.
    var title: String { get }
    /// What the seeds of its tasks follow from.
    var seedKey: UInt64 { get }
    /// How often its tasks' results are averaged; 1 where they are collected.
    var rounds: Int { get }
    /// How many tasks a round has, beside that which measures.
    var taskCount: Int { get }
    var reduction: Reduction { get }
    /// Of the weights that are averaged; empty where results are collected.
    var parameters: [ParameterSpec] { get }
    /// Weights that stay as they are, and those that its tasks start from: made when it opens. Where results are averaged
    /// there is one start, which the rounds go on from.
    var frozen: BlobRecipe? { get }
    var starts: [BlobRecipe] { get }

    /// How many sample sets its tasks take in turn, task `k` of round `r` the one with the number
    /// ((r - 1) `taskCount` + k) mod `sampleSetCount`: a worker keeps what it has read. 0 where that is no matter.
    var sampleSetCount: Int { get }

    /// The parts of a stage whose tasks cost about the same, from 0.
    func part(ofTask index: Int) -> Int
    /// What people call what a task works on.
    func title(ofTask index: Int) -> String
    func work(ofTask index: Int, _ context: TaskContext) -> Work
    /// What its results are.
    var outputs: StageOutputs { get }
    /// Whose result a task's is, where results are collected; nil where people are not shown it by itself.
    func trial(ofTask index: Int) -> Trial?
    /// What people should know when it has ended.
    /// - Parameters:
    ///   - status: with all its rounds.
    ///   - results: those that are collected, in the order of their tasks.
    func remarks(on status: StageStatus, results: [TaskFigures]) -> [Remark]
    /// Whether the weights that a round starts from are measured, and those of the last round.
    var isMeasured: Bool { get }
    /// Nil where nothing is measured.
    func measurement(_ context: TaskContext) -> Work?
}

/// Of a stage that collects its tasks' results.
extension Stage {
    package var rounds: Int { 1 }
    package var reduction: Reduction { .collect }
    package var parameters: [ParameterSpec] { [] }
    package var sampleSetCount: Int { 0 }
    package var isMeasured: Bool { false }
    package func measurement(_ context: TaskContext) -> Work? { nil }
}

extension Stage {
    package func trial(ofTask index: Int) -> Trial? { nil }
    package func remarks(on status: StageStatus, results: [TaskFigures]) -> [Remark] { [] }

    /// A task as it is but for the digests of weights: by its size the memory and the time that it takes are known.
    package func exampleWork(ofTask index: Int) -> Work { work(ofTask: index, exampleContext) }

    /// The same of the task that measures.
    package var exampleMeasurement: Work? { measurement(exampleContext) }

    private var exampleContext: TaskContext {
        let blob = Digest(of: [])
        return TaskContext(
            round: 1, seed: 0, frozen: frozen.map { _ in blob }, weights: starts.map { _ in blob })
    }

    /// Tasks that stand for all others, and how many each stands for.
    package var exampleTasks: [(index: Int, count: Int)] {
        var places: [Int: Int] = [:]
        var tasks: [(index: Int, count: Int)] = []
        for index in 0..<taskCount {
            let part = part(ofTask: index)
            if let place = places[part] {
                tasks[place].count += 1
            } else {
                places[part] = tasks.count
                tasks.append((index, 1))
            }
        }
        return tasks
    }

    /// The tensors in a task's result; empty where it has none.
    package func resultParameters(ofTask index: Int) -> [ParameterSpec] {
        if case .train(let work) = exampleWork(ofTask: index) { work.graph.parameters } else { [] }
    }

    /// The set that a task reads, from 0.
    package func sampleSet(ofTask index: Int, round: Int) -> Int {
        ((round - 1) * taskCount + index) % max(sampleSetCount, 1)
    }
}

/// How the results of a stage's tasks are put together.
package enum Reduction: Hashable, Sendable {
    /// Their changes of the weights are averaged, round after round. A round's last task measures the weights that it
    /// starts from; early stopping compares what it measures.
    case average(OuterOptimizer, EarlyStopping?)
    /// Each is kept as it is.
    case collect
}

/// What a task depends on beside its stage.
package struct TaskContext: Hashable, Sendable {
    /// From 1.
    package var round: Int
    package var seed: UInt64
    package var frozen: Digest?
    /// Where the round starts; of a stage that collects, its starts.
    package var weights: [Digest]

    package init(round: Int, seed: UInt64, frozen: Digest?, weights: [Digest]) {
        (self.round, self.seed, self.frozen, self.weights) = (round, seed, frozen, weights)
    }
}

/// How a blob of weights is put together from what earlier stages have come to.
package struct BlobRecipe: Hashable, Sendable {
    /// Where a tensor comes from.
    package enum Source: Hashable, Sendable {
        /// The tensor of the same name in the weights that a stage has ended with, from 0.
        case stage(Int)
        /// The parameter with this place in the result of a stage's task.
        case result(stage: Int, task: Int, parameter: Int)
        /// Its initializer, with this seed.
        case initializer(seed: UInt64)
    }

    package var parameters: [ParameterSpec]
    /// One for each of `parameters`.
    package var sources: [Source]

    package init(_ parameters: [ParameterSpec], _ sources: [Source]) {
        precondition(parameters.count == sources.count, "each tensor has a source")
        (self.parameters, self.sources) = (parameters, sources)
    }
}

extension BlobRecipe {
    /// A blob that tensors are taken from.
    package enum Origin: Hashable, Sendable {
        case stage(Int)
        case result(stage: Int, task: Int)
    }

    /// Which of an origin's tensors.
    package enum Tensor: Hashable, Sendable {
        case name(String)
        case place(Int)
    }

    /// The blobs that it is made of, in the order in which they come up, and which of the parameters come from each.
    package var origins: [(origin: Origin, parameters: [Int])] {
        var (order, found): ([Origin], [Origin: [Int]]) = ([], [:])
        for (index, source) in sources.enumerated() {
            let origin: Origin
            switch source {
            case .stage(let stage): origin = .stage(stage)
            case .result(let stage, let task, _): origin = .result(stage: stage, task: task)
            case .initializer: continue
            }
            if found[origin] == nil { order.append(origin) }
            found[origin, default: []].append(index)
        }
        return order.map { ($0, found[$0] ?? []) }
    }

    /// Which of its origin's tensors parameter `index` is.
    package func tensor(_ index: Int) -> Tensor {
        if case .result(_, _, let place) = sources[index] { .place(place) } else { .name(parameters[index].name) }
    }
}

/// One of several experiments that are alike: which of them, from 0, what it started from, and from how many labels.
package struct Trial: Hashable, Sendable {
    package var number: Int
    /// Those that are compared with each other, such as `from scratch`.
    package var group: String
    /// Whether it started from what earlier stages have learnt.
    package var isPretrained: Bool
    package var labels: Int

    package init(_ number: Int, group: String, isPretrained: Bool, labels: Int) {
        (self.number, self.group, self.isPretrained, self.labels) = (number, group, isPretrained, labels)
    }
}

/// What is known of a run before its data are.
package struct RunOutline: Sendable {
    /// Before any of them has begun.
    package var stages: [StageStatus]
    package var remarks: [Remark]

    package init(stages: [StageStatus], remarks: [Remark]) { (self.stages, self.remarks) = (stages, remarks) }
}

/// All that a run does, once its data are known.
package struct CompiledRun: Sendable {
    package var stages: [any Stage]
    /// What it exports when all stages have ended.
    package var exports: [ExportRecipe]
    /// What the data say of the plan.
    package var remarks: [Remark]
    /// The blobs of its data that are kept when it has finished: pictures are drawn from them.
    package var unseenBlobs: [Digest] = []
    /// What a sample's numbers and the classes are called; nil where they have no names.
    package var columns: [String]?
    package var classNames: [String]?
    /// The network as it is drawn; nil: it is not.
    package var network: Graph?
    /// What can be looked at of what it has learnt.
    package var views: [ViewDescription] = []

    package init(stages: [any Stage], exports: [ExportRecipe], remarks: [Remark] = []) {
        (self.stages, self.exports, self.remarks) = (stages, exports, remarks)
    }
}

/// How an exported file is made.
package struct ExportRecipe: Hashable, Sendable {
    package enum Content: Hashable, Sendable {
        /// A safetensors file of these weights with these metadata.
        case weights(BlobRecipe, metadata: [String: String])
        /// An NPY file (count, size) of the numbers that a stage has collected, in the order of its tasks.
        case results(stage: Int, count: Int, size: Int)
    }

    package var part: ExportDescription.Part
    package var fileName: String
    package var content: Content

    package init(_ part: ExportDescription.Part, fileName: String, _ content: Content) {
        (self.part, self.fileName, self.content) = (part, fileName, content)
    }

    /// Nil where it is not made of weights.
    package var weights: BlobRecipe? { if case .weights(let recipe, _) = content { recipe } else { nil } }
    /// How many numbers it has.
    package var elementCount: Int {
        switch content {
        case .weights(let recipe, _): recipe.parameters.elementCount
        case .results(_, let count, let size): count * size
        }
    }
}

/// Makes a run's stages from its plan: the only place that knows what kinds of stage there are.
package struct StageCompiler: Sendable {
    /// What is known of the stages before the data are.
    package let outline: @Sendable (Plan) -> RunOutline
    /// A pure function; throws whenever another version of the program wrote what this one cannot read.
    package let compile: @Sendable (Plan, DataManifest) throws -> CompiledRun
    /// What the results of all kinds of stages are: metrics have their names before there is a run.
    package let outputs: [StageOutputs]

    package init(
        outputs: [StageOutputs], outline: @escaping @Sendable (Plan) -> RunOutline,
        compile: @escaping @Sendable (Plan, DataManifest) throws -> CompiledRun
    ) {
        (self.outputs, self.outline, self.compile) = (outputs, outline, compile)
    }
}

/// A plan and what its data would come to, without any data: what is simulated.
package struct Scenario: Sendable {
    package var compiler: StageCompiler
    package var plan: Plan
    package var manifest: DataManifest

    package init(_ plan: Plan, _ manifest: DataManifest, by compiler: StageCompiler) {
        (self.plan, self.manifest, self.compiler) = (plan, manifest, compiler)
    }
}
