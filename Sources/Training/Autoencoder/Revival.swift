import RunProtocol
import TensorCore

/// Watches a task's first half for units that are zero for every sample, and gives them new weights then: the second half
/// trains them.
struct Revival {
    private let autoencoder: Autoencoder
    private let isTied: Bool
    private let half: Int
    private var activity: Activity

    /// - Returns: nil where it is not asked for. It is made for the autoencoder of one dense layer.
    init?(_ work: PretrainWork, _ autoencoder: Autoencoder, steps: Int) {
        guard work.settings.revivesDeadUnits, work.decoders.count == 1,
            work.network.layers[work.layer].window == nil
        else { return nil }
        self.autoencoder = autoencoder
        isTied = work.decoders[0].constraint == .tied
        half = steps / 2
        activity = Activity(autoencoder)
    }

    /// - Parameter samples: how many the step's batch had.
    mutating func stepDone(_ step: Int, _ optimizer: Optimizer, samples: Int) {
        guard step < half else { return }
        activity.count(samples: samples)
        guard step == half - 1 else { return }
        revive(activity.dead, optimizer: optimizer, samples: samples)
        autoencoder.weightsChanged()
    }

    /// How long a revived unit's encoder weights are, as a share of the others' mean length: it should be seen, but not
    /// take over from units that work. Where the decoder has the same weights, they must be as long as the others.
    private var share: Double { isTied ? 1 : 0.2 }

    /// Aims each unit at what one of the last batch's samples lacks, the worst reconstructed sample first: its encoder and
    /// decoder weights are the direction in which that sample's outputs must go for its loss to fall. This replaces an
    /// unused atom of a dictionary as K-SVD does (Aharon, Elad and Bruckstein 2006). At most one unit a sample.
    private func revive(_ dead: [Int], optimizer: Optimizer, samples: Int) {
        guard !dead.isEmpty else { return }
        let (inputs, units, weights) = (autoencoder.inputs, autoencoder.units, autoencoder.weights)
        let missing = (0..<samples).map { row in
            (row: row, length: length(of: autoencoder.outputDelta + row * inputs, count: inputs))
        }
        let worst = missing.filter { $0.length > 0 }.sorted { ($1.length, $0.row) < ($0.length, $1.row) }
        let scale = share * meanEncoderLength(without: Set(dead))
        let bias = inputs * units
        for (unit, (row, norm)) in zip(dead, worst) {
            let delta = autoencoder.outputDelta + row * inputs
            let direction = (0..<inputs).map { -Double(delta[$0]) / norm }
            for (input, value) in direction.enumerated() {
                weights.pointer[input * units + unit] = Float(scale * value)
            }
            weights.pointer[bias + unit] = 0
            optimizer.forget(offset: unit, count: inputs, stride: units)
            optimizer.forget(offset: bias + unit, count: 1)
            guard !isTied else { continue }
            let atom = bias + units + unit * inputs
            for (input, value) in direction.enumerated() { weights.pointer[atom + input] = Float(value) }
            optimizer.forget(offset: atom, count: inputs)
        }
    }

    /// The mean Euclidean length of the other units' encoder weights; 1 where there are none.
    private func meanEncoderLength(without dead: Set<Int>) -> Double {
        let others = (0..<autoencoder.units).filter { !dead.contains($0) }
        let lengths = others.map {
            length(of: autoencoder.weights.pointer + $0, count: autoencoder.inputs, stride: autoencoder.units)
        }
        return others.isEmpty ? 1 : lengths.reduce(0, +) / Double(others.count)
    }

    private func length(of start: UnsafeMutablePointer<Float>, count: Int, stride: Int = 1) -> Double {
        (0..<count).reduce(0.0) { $0 + Double(start[$1 * stride]) * Double(start[$1 * stride]) }.squareRoot()
    }
}
