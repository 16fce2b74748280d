package import Coordination
import RunProtocol

/// What a stage takes, in floating-point operations one after another where so many slots work: by it stages are compared of
/// which no round has been measured.
package struct StageCost: Hashable, Sendable {
    /// Of a round.
    package var round: Double
    /// Of encoding what its first rounds read with the layers below, once for all of them.
    package var encoding: Double
    /// How many rounds read what none before has read.
    package var firstRounds: Int
    /// How many of a round's tasks a slot does one after another.
    package var turns: Int

    package init(round: Double, encoding: Double = 0, firstRounds: Int = 1, turns: Int = 1) {
        (self.round, self.encoding) = (round, encoding)
        self.firstRounds = max(firstRounds, 1)
        self.turns = max(turns, 1)
    }
}

extension StageCost {
    /// To read and write a number in memory takes about as long as so many operations of a product: a core has ten times
    /// as many gigaflops as gigabytes a second, and an optimizer's step goes over a parameter, its gradient and its moments.
    static let operationsOfANumber = 150.0
}

extension RunState {
    /// Of each stage, once the data are cut.
    package func costs(slots: Int) -> [StageCost] { stages.map { $0.cost(slots: max(slots, 1)) } }
}

extension Stage {
    /// What its tasks take; to measure weights takes a moment.
    fileprivate func cost(slots: Int) -> StageCost {
        let turns = (taskCount + slots - 1) / slots
        let costs = exampleTasks.map { (task: exampleWork(ofTask: $0.index), count: Double($0.count)) }
        let all = costs.reduce(0) { $0 + $1.count }
        func mean(_ value: (Work) -> Double) -> Double {
            all > 0 ? costs.reduce(0) { $0 + value($1.task) * $1.count } / all : 0
        }
        // As many rounds read what none before has read; where it is no matter, the first does.
        let firstRounds = sampleSetCount > 0 ? (sampleSetCount + taskCount - 1) / taskCount : 1
        let encodings = sampleSetCount > 0 ? Double(firstRounds * turns) : 1
        return StageCost(
            round: mean(\.computing) * Double(turns), encoding: mean(\.encoding) * encodings, firstRounds: firstRounds,
            turns: turns)
    }
}

extension Work {
    /// Operations of the task, without what its cut takes.
    fileprivate var computing: Double {
        guard case .train(let work) = self else {
            return sets.reduce(0) { $0 + Double($1.count) } * graph.forward
        }
        let samples = Double(data.count)
        let (settings, weights) = (work.settings, Double(work.graph.parameters.elementCount))
        let trained = settings.trained
        let update = weights * StageCost.operationsOfANumber / Double(max(settings.batchSize, 1))
        let step = work.graph.trainingOperations(trained: trained) + work.graph.numbers + update
        let epochs = Double(settings.epochs) * samples * step
        let unlabeled = work.unlabeled.reduce(0) { $0 + Double($1.count) }
        let (predicting, learning) = settings.passesOverUnlabeled
        return epochs + unlabeled * (predicting * work.graph.forward + learning * step)
    }

    /// Operations of making the codes of its cut.
    fileprivate var encoding: Double {
        let samples = sets.reduce(0) { $0 + Double($1.count) }
        return switch self {
        case .train(let work): samples * (work.cut?.graph.forward ?? 0)
        case .evaluate(let work): samples * (work.cut?.graph.forward ?? 0)
        case .encode, .fit: 0
        }
    }

    private var graph: Graph {
        switch self {
        case .train(let work): work.graph
        case .evaluate(let work): work.graph
        case .encode(let work): work.graph
        case .fit(let work): work.graph
        }
    }
}

extension Graph {
    /// Of a training step's numbers, for one sample: each is read and written.
    fileprivate var numbers: Double {
        let (read, written) = linearNumbers
        return Double(read + written) * StageCost.operationsOfANumber
    }

    /// Of computing all values of one sample.
    fileprivate var forward: Double { operations + Double(linearNumbers.written) * StageCost.operationsOfANumber }
}
