import RunProtocol

/// A task that measures, while it goes on.
struct Evaluation {
    private let work: EvaluateWork
    private let data: TaskData
    private let executor: GraphExecutor
    /// Of which the loss is measured.
    private let objective: Objective?
    private var error = 0.0
    private var mean: MeanPrediction?
    private var activities: [(activity: Activity, value: Int, isKept: Bool)] = []
    private var confusion: [[Int]] = []
    /// How many samples' classes are predicted; nil where nobody asks.
    private var right: Int?

    init(_ work: EvaluateWork, weights: [Float], data: TaskData) throws(GraphProblem) {
        (self.work, self.data) = (work, data)
        objective = work.objective
        executor = try GraphExecutor(
            work.graph, weights: weights, batchSize: min(TaskFunctions.batchSize, data.count),
            samplesAtOnce: work.samplesAtOnce, objective: objective)
        for measure in work.measures {
            switch measure {
            case .reconstruction(_, _, let target):
                mean = MeanPrediction(features: executor.plan.sizes[target])
            case .activity(let value, let isKept): activities.append((Activity(executor, of: value), value, isKept))
            case .confusion(_, let field):
                let classes = work.data[field]?.classes ?? 0
                confusion = [[Int]](repeating: [Int](repeating: 0, count: classes), count: classes)
            case .accuracy: right = 0
            }
        }
    }

    mutating func run(isCancelled: () -> Bool) throws -> TaskFigures {
        var first = 0
        let network = executor
        try TaskFunctions.forEachBatch(of: data, in: network, isCancelled: isCancelled) { count in
            addMean(count: count)
            for part in network.parts(of: count) { measure(part, first: first) }
            first += count
        }
        return figures
    }

    private mutating func addMean(count: Int) {
        guard case .reconstruction(_, let target)? = objective?.loss else { return }
        mean?.add(executor.value(target), count: count)
    }

    /// - Parameter first: where the batch begins among all samples.
    private mutating func measure(_ part: Range<Int>, first: Int) {
        var activities = activities
        executor.forward(part) { value in
            for index in activities.indices where activities[index].value == value {
                activities[index].activity.count(samples: part.count)
            }
        }
        self.activities = activities
        if let objective { error += executor.loss(part, LossContext(objective: objective)) }
        let classes = data.classes.dropFirst(first + part.lowerBound)
        for measure in work.measures {
            switch measure {
            case .reconstruction, .activity: continue
            case .confusion(let output, _):
                for (label, prediction) in zip(classes, executor.largest(ofValue: output, count: part.count)) {
                    confusion[Int(label)][Int(prediction)] += 1
                }
            case .accuracy(let output, _):
                let predicted = executor.largest(ofValue: output, count: part.count)
                right = (right ?? 0) + zip(classes, predicted).count { $0 == $1 }
            }
        }
    }

    private var figures: TaskFigures {
        var figures = TaskFigures(samples: data.count)
        if case .reconstruction(let loss, _)? = objective?.loss {
            figures.metrics["reconstructionError"] = error / Double(data.count)
            figures.metrics["meanError"] = mean?.error(by: loss)
        }
        for (activity, _, isKept) in activities {
            figures.metrics[isKept ? "keptShare" : "activeShare"] = activity.share
            figures.metrics[isKept ? "unusedUnits" : "deadUnits"] = Double(activity.dead.count)
        }
        figures.metrics["accuracy"] = right.map { Double($0) / Double(data.count) }
        if !confusion.isEmpty { figures.tables["confusion"] = confusion }
        return figures
    }
}

extension GraphExecutor {
    /// The place of the largest of a value's numbers for each sample of the part at hand, the lowest of equal ones.
    func largest(ofValue value: Int, count: Int) -> [Int32] {
        let (numbers, size) = (self.value(value), plan.sizes[value])
        return (0..<count).map { row in
            let own = UnsafeBufferPointer(start: numbers + row * size, count: size)
            return Int32(own.indices.max { own[$0] < own[$1] } ?? 0)
        }
    }
}
