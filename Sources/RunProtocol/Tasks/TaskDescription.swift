/// The unit of work: everything that its result depends on. The same task gives the same bits on the same kind of processor.
package struct TaskDescription: Codable, Hashable, Sendable {
    package var id: TaskID
    /// What it works on, for people: `layer 1`, `layers 1 to 3`.
    package var title: String
    package var work: Work

    package init(id: TaskID, title: String, work: Work) { (self.id, self.title, self.work) = (id, title, work) }

    /// How many numbers the result's vector must have; 0 where the task only measures.
    package var elementCount: Int { work.elementCount }
}

/// What a task does.
package enum Work: Codable, Hashable, Sendable {
    /// Result: the change of the weights, or the weights.
    case train(TrainWork)
    /// Result: metrics and tables only.
    case evaluate(EvaluateWork)
    /// Result: a value of the graph for each sample.
    case encode(EncodeWork)
    /// Result: what a function makes of all samples together.
    case fit(FitWork)

    /// The blobs that the task reads.
    package var inputs: [Digest] {
        let weights: [Digest?] =
            switch self {
            case .train(let work): [work.cut?.weights, work.start?.digest]
            case .evaluate(let work): [work.cut?.weights, work.weights]
            case .encode(let work): [work.weights]
            case .fit(let work): [work.weights]
            }
        return weights.compactMap(\.self) + sets.flatMap { $0.fields.map(\.digest) }
    }

    /// The samples that it reads: the first set is what its steps go through.
    package var sets: [FieldSet] {
        switch self {
        case .train(let work): [work.data] + work.unlabeled
        case .evaluate(let work): [work.data]
        case .encode(let work): [work.data]
        case .fit(let work): work.sets
        }
    }

    package var elementCount: Int {
        switch self {
        case .train(let work): work.graph.parameters.elementCount
        case .evaluate: 0
        case .encode(let work): work.data.count * work.size
        case .fit(let work): work.function.rows * work.size
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
        (self.digest, self.count, self.size, self.divisor) = (digest, count, size, divisor)
    }
}

/// A part of a network that stays as it is, below what a task works on. What it makes of a field's values is rounded to
/// bfloat16, whether it is computed anew or was kept, and takes their place.
package struct Cut: Codable, Hashable, Sendable {
    package var field: String
    /// Its last node gives the codes.
    package var graph: Graph
    /// A safetensors blob of all its parameters.
    package var weights: Digest

    package init(field: String = Field.samples, graph: Graph, weights: Digest) {
        (self.field, self.graph, self.weights) = (field, graph, weights)
    }
}

/// Train a graph's weights on some samples.
package struct TrainWork: Codable, Hashable, Sendable {
    /// Where weights start.
    package struct Start: Codable, Hashable, Sendable {
        /// A safetensors blob of the graph's first `count` parameters; the others are initialized by the task's seed.
        package var digest: Digest
        package var count: Int

        package init(_ digest: Digest, count: Int) { (self.digest, self.count) = (digest, count) }
    }

    package enum Returned: String, Codable, Sendable {
        /// What is averaged with other tasks' changes.
        case change
        case weights
    }

    package var graph: Graph
    package var cut: Cut?
    package var objective: Objective
    package var settings: TrainingSettings
    /// Nil: all parameters are initialized by the task's seed.
    package var start: Start?
    package var data: FieldSet
    /// What `settings.pseudoLabels` predicts classes of; empty without it.
    package var unlabeled: [FieldSet]
    /// From 1; with `rounds` it says how far schedules are.
    package var round: Int
    package var rounds: Int
    package var returned: Returned
    package var seed: UInt64

    package init(
        graph: Graph, cut: Cut? = nil, objective: Objective, settings: TrainingSettings, start: Start?,
        data: FieldSet, unlabeled: [FieldSet] = [], round: Int = 1, rounds: Int = 1, returned: Returned, seed: UInt64
    ) {
        (self.graph, self.cut, self.objective, self.settings, self.start) = (graph, cut, objective, settings, start)
        (self.data, self.unlabeled, self.round, self.rounds, self.returned) = (data, unlabeled, round, rounds, returned)
        self.seed = seed
    }
}

/// Measure a network on some samples.
package struct EvaluateWork: Codable, Hashable, Sendable {
    /// What is measured of a network.
    package enum Measure: Codable, Hashable, Sendable {
        /// The mean over samples of the loss of an output beside a value, and that of predicting each feature's mean.
        case reconstruction(ReconstructionLoss, output: Int, target: Int)
        /// Which share of a value's numbers is not zero, and how many channels are zero for every sample; `kept`: of what
        /// `Sparsity` has left.
        case activity(value: Int, kept: Bool)
        /// How often each class of a field is predicted as which: the largest of the output, the lowest of equal ones.
        case confusion(output: Int, field: String)
        /// The share of samples whose class in a field is predicted, likewise.
        case accuracy(output: Int, field: String)

        /// The field of classes that it reads; nil where it reads none.
        package var field: String? {
            switch self {
            case .reconstruction, .activity: nil
            case .confusion(_, let field), .accuracy(_, let field): field
            }
        }
    }

    package var graph: Graph
    package var cut: Cut?
    /// A safetensors blob of all parameters.
    package var weights: Digest
    package var data: FieldSet
    /// How many samples of a batch are computed at a time; nil for all.
    package var samplesAtOnce: Int?
    package var measures: [Measure]

    package init(
        graph: Graph, cut: Cut? = nil, weights: Digest, data: FieldSet, samplesAtOnce: Int? = nil, measures: [Measure]
    ) {
        (self.graph, self.cut, self.weights, self.data, self.samplesAtOnce) = (graph, cut, weights, data, samplesAtOnce)
        self.measures = measures
    }

    /// The field of classes that it reads; nil where it reads none.
    package var field: String? { measures.lazy.compactMap(\.field).first }

    /// Of which the loss is measured; nil where none is.
    package var objective: Objective? {
        measures.lazy.compactMap { measure -> Objective? in
            guard case .reconstruction(let loss, let output, let target) = measure else { return nil }
            return Objective(.reconstruction(loss, target: target), of: output)
        }.first
    }
}

/// Compute a value of a network for each of some samples.
package struct EncodeWork: Codable, Hashable, Sendable {
    /// Its last node gives the result.
    package var graph: Graph
    /// A safetensors blob of all parameters.
    package var weights: Digest
    package var data: FieldSet

    package init(graph: Graph, weights: Digest, data: FieldSet) {
        (self.graph, self.weights, self.data) = (graph, weights, data)
    }

    /// How many numbers the result has for a sample.
    package var size: Int { (try? graph.shapes().last?.reduce(1, *)) ?? 0 }
}

/// Compute what follows from a value of a network over all samples of several sets together: no average of what tasks make
/// of parts would give it.
package struct FitWork: Codable, Hashable, Sendable {
    package enum Function: String, Codable, Sendable, CaseIterable {
        /// (4, size): the mean, the standard deviation, the lowest and the highest of each of the value's numbers. Sums are
        /// doubles in the order of the samples.
        case statistics

        /// How many rows of numbers the result has.
        package var rows: Int { 4 }
    }

    package var function: Function
    /// Its last node gives the value.
    package var graph: Graph
    /// A safetensors blob of all parameters.
    package var weights: Digest
    /// At least one.
    package var sets: [FieldSet]

    package init(_ function: Function, of graph: Graph, weights: Digest, over sets: [FieldSet]) {
        (self.function, self.graph, self.weights, self.sets) = (function, graph, weights, sets)
    }

    /// How many numbers the value has for a sample.
    package var size: Int { (try? graph.shapes().last?.reduce(1, *)) ?? 0 }
}
