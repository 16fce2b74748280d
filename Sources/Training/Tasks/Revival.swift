import RunProtocol
import TensorCore

/// Watches a task's first half for units that are zero for every sample, and gives them new weights then: the second half
/// trains them.
struct Revival {
    private let executor: GraphExecutor
    private let settings: TrainingSettings.Revival
    private let output: Int
    private let half: Int
    private var activity: Activity
    private let inputs: Int
    private let units: Int
    /// Where the weight, the bias and the reader's weight begin.
    private let starts: (weight: Int, bias: Int, reader: Int?)

    /// - Parameter steps: how many the task has.
    init(_ settings: TrainingSettings.Revival, _ executor: GraphExecutor, output: Int, steps: Int) {
        (self.executor, self.settings, self.output) = (executor, settings, output)
        half = steps / 2
        activity = Activity(executor, of: settings.value)
        let all = executor.graph.parameterStarts
        starts = (all[settings.weight], all[settings.bias], settings.reader.map { all[$0] })
        let shape = executor.graph.parameters[settings.weight].shape
        (inputs, units) = (shape[0], shape[1])
    }

    /// - Parameter samples: how many the step's batch had.
    mutating func stepDone(_ step: Int, _ optimizer: Optimizer, samples: Int) {
        guard step < half else { return }
        activity.count(samples: samples)
        guard step == half - 1 else { return }
        revive(activity.dead, optimizer: optimizer, samples: samples)
        executor.weightsChanged(at: 0, count: executor.weights.count)
    }

    /// How long a revived unit's encoder weights are, as a share of the others' mean length: it should be seen, but not
    /// take over from units that work. Where the decoder has the same weights, they must be as long as the others.
    private var share: Double { settings.reader == nil ? 1 : 0.2 }

    /// Aims each unit at what one of the last batch's samples lacks, the worst reconstructed sample first: its encoder and
    /// decoder weights are the direction in which that sample's outputs must go for its loss to fall. This replaces an
    /// unused atom of a dictionary as K-SVD does (Aharon, Elad and Bruckstein 2006). At most one unit a sample.
    private func revive(_ dead: [Int], optimizer: Optimizer, samples: Int) {
        guard !dead.isEmpty else { return }
        let weights = executor.weights.pointer
        let delta = executor.delta(output)
        let missing = (0..<samples).map { row in
            (row: row, length: length(of: delta + row * inputs, count: inputs))
        }
        let worst = missing.filter { $0.length > 0 }.sorted { ($1.length, $0.row) < ($0.length, $1.row) }
        let scale = share * meanEncoderLength(without: Set(dead))
        for (unit, (row, norm)) in zip(dead, worst) {
            let direction = (0..<inputs).map { -Double(delta[row * inputs + $0]) / norm }
            for (input, value) in direction.enumerated() {
                weights[starts.weight + input * units + unit] = Float(scale * value)
            }
            weights[starts.bias + unit] = 0
            optimizer.forget(offset: starts.weight + unit, count: inputs, stride: units)
            optimizer.forget(offset: starts.bias + unit, count: 1)
            guard let reader = starts.reader else { continue }
            let atom = reader + unit * inputs
            for (input, value) in direction.enumerated() { weights[atom + input] = Float(value) }
            optimizer.forget(offset: atom, count: inputs)
        }
    }

    /// The mean Euclidean length of the other units' encoder weights; 1 where there are none.
    private func meanEncoderLength(without dead: Set<Int>) -> Double {
        let others = (0..<units).filter { !dead.contains($0) }
        let lengths = others.map {
            length(of: executor.weights.pointer + starts.weight + $0, count: inputs, stride: units)
        }
        return others.isEmpty ? 1 : lengths.reduce(0, +) / Double(others.count)
    }

    private func length(of start: UnsafeMutablePointer<Float>, count: Int, stride: Int = 1) -> Double {
        (0..<count).reduce(0.0) { $0 + Double(start[$1 * stride]) * Double(start[$1 * stride]) }.squareRoot()
    }
}
