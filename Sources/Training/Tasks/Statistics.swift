package import RunProtocol
import TensorCore

extension TaskFunctions {
    /// Computes what a function makes of the last value of a graph over all samples.
    /// - Parameter sets: what `work.sets` names, in that order.
    /// - Returns: (rows, size), row-major.
    /// - Throws: `TaskCancelled`; `GraphProblem` whenever the work does not fit together.
    package static func fit(
        _ work: FitWork, weights: [Float], sets: [TaskData], isCancelled: () -> Bool
    ) throws -> TaskResult {
        var statistics = Statistics(size: work.size)
        for data in sets {
            try forEachBatch(of: work.graph, weights: weights, data: data, isCancelled: isCancelled) {
                executor, count in
                statistics.add(executor.value(work.graph.valueCount - 1), count: count)
            }
        }
        let figures = TaskFigures(samples: sets.reduce(0) { $0 + $1.count })
        return switch work.function {
        case .statistics: TaskResult(figures: figures, vector: statistics.rows)
        }
    }
}

/// Mean, standard deviation and range of each of a value's numbers. All sums are doubles in the order of the samples, so that
/// every processor comes to the same bits.
struct Statistics {
    private var count = 0
    /// The first sample. Sums are of differences from it: little is lost where values lie far from zero.
    private var first: [Double] = []
    private var sums: [Double]
    private var squares: [Double]
    private var lowest: [Float]
    private var highest: [Float]

    init(size: Int) {
        sums = [Double](repeating: 0, count: size)
        squares = sums
        lowest = [Float](repeating: .infinity, count: size)
        highest = [Float](repeating: -.infinity, count: size)
    }

    /// - Parameter values: (count, size), row-major.
    mutating func add(_ values: UnsafePointer<Float>, count new: Int) {
        let size = sums.count
        if first.isEmpty, new > 0 { first = (0..<size).map { Double(values[$0]) } }
        for row in 0..<new {
            for place in 0..<size {
                let value = values[row * size + place]
                let difference = Double(value) - first[place]
                sums[place] += difference
                squares[place] += difference * difference
                lowest[place] = min(lowest[place], value)
                highest[place] = max(highest[place], value)
            }
        }
        count += new
    }

    /// (4, size): means, standard deviations (divided by the number of samples), lowest and highest values.
    var rows: [Float] {
        let share = 1 / Double(max(count, 1))
        let means = sums.indices.map { Float(first[$0] + sums[$0] * share) }
        let deviations = sums.indices.map { place in
            let difference = sums[place] * share
            return Float(max(0, squares[place] * share - difference * difference).squareRoot())
        }
        return means + deviations + lowest + highest
    }
}
