import CElementwise
import RunProtocol
import TensorCore

extension GraphExecutor {
    /// So many weights stay in the fastest cache from the optimizer's step to their rounding.
    private static let piece = 2_048

    /// One step of the optimizer for all that is trained; then rows are brought back to length one, or units' incoming
    /// weights to their limit, where that is asked for.
    /// - Parameter factor: of all learning rates.
    func step(_ optimizer: Optimizer, _ settings: TrainingSettings, factor: Double) {
        optimizer.beginStep()
        var start = 0
        for (parameter, rate) in zip(graph.parameters, settings.rates) {
            defer { start += parameter.count }
            guard let rate else { continue }
            profile.measure(.optimizer, layer: parameter.name) {
                step(
                    optimizer, parameter, at: start, rate: rate * factor,
                    decay: parameter.decays ? settings.weightDecay : 0)
                guard let maxNorm = settings.maxNorm, parameter.decays, rate * factor > 0 else { return }
                limit(parameter, at: weights.pointer + start, to: maxNorm)
                weightsChanged(at: start, count: parameter.count)
            }
        }
    }

    private func step(_ optimizer: Optimizer, _ parameter: ParameterSpec, at start: Int, rate: Double, decay: Double) {
        let length = parameter.hasUnitRows ? parameter.rowLength : Self.piece
        for place in stride(from: start, to: start + parameter.count, by: length) {
            let count = min(length, start + parameter.count - place)
            optimizer.update(
                weights.pointer + place, gradient: gradient.pointer + place, offset: place, count: count, rate: rate,
                decay: decay)
            if parameter.hasUnitRows { ce_unit_rows(weights.pointer + place, 1, count) }
            weightsChanged(at: place, count: count)
        }
    }

    /// A dense unit's incoming weights are a column of (inputs, units), a convolution's a row of (units, ...).
    private func limit(_ parameter: ParameterSpec, at start: Numbers, to length: Double) {
        if parameter.shape.count == 2 {
            var squares = [Double](repeating: 0, count: parameter.shape[1])
            ce_limit_columns(start, parameter.shape[0], parameter.shape[1], Float(length), &squares)
        } else {
            var squares = 0.0
            for row in stride(from: 0, to: parameter.count, by: parameter.rowLength) {
                ce_limit_columns(start + row, parameter.rowLength, 1, Float(length), &squares)
            }
        }
    }
}
