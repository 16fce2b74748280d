/// The named values that a task's result must have, and those that it may have. They follow from the task, so that its
/// worker and the coordinator check the same, in the same place.
package struct ResultExpectation: Hashable, Sendable {
    /// A metric, or a list of numbers.
    package struct Values: Hashable, Sendable {
        package var lowest = -Double.infinity
        package var highest = Double.infinity
        package var areWhole = false
        package var isRequired = false
        /// How many a list has.
        package var counts = 0...Limits.curvePoints

        fileprivate func allows(_ value: Double) -> Bool {
            (lowest...highest).contains(value) && (!areWhole || value == value.rounded())
        }
    }

    /// A table of counts with a row and a column for each of `side` classes, which add up to `total`.
    package struct Table: Hashable, Sendable {
        package var side: Int
        package var total: Int
    }

    package var metrics: [String: Values] = [:]
    package var series: [String: Values] = [:]
    package var tables: [String: Table] = [:]

    /// Why these values are none of such a result.
    package func problem(of figures: TaskFigures) -> ResultProblem? {
        let unknown =
            figures.metrics.keys.filter { metrics[$0] == nil } + figures.series.keys.filter { series[$0] == nil }
            + figures.tables.keys.filter { tables[$0] == nil }
        if let name = unknown.min() { return .malformed("it has a value that its task does not ask for: \(name)") }
        for (name, values) in metrics.sorted(by: { $0.key < $1.key }) {
            guard let value = figures.metrics[name] else {
                if values.isRequired { return .malformed("it has no \(name)") }
                continue
            }
            guard values.allows(value) else { return .malformed("its \(name) is \(value), out of its range") }
        }
        for (name, values) in series.sorted(by: { $0.key < $1.key }) {
            guard let list = figures.series[name] else {
                if values.isRequired { return .malformed("it has no \(name)") }
                continue
            }
            guard values.counts.contains(list.count), list.allSatisfy(values.allows)
            else { return .malformed("the numbers of its \(name) are not those of its task") }
        }
        for (name, table) in tables.sorted(by: { $0.key < $1.key }) {
            guard let counts = figures.tables[name], counts.count == table.side,
                counts.allSatisfy({ $0.count == table.side }),
                counts.joined().allSatisfy({ (0...table.total).contains($0) }),
                counts.joined().reduce(0, +) == table.total
            else {
                return .malformed("its \(name) does not count \(table.total) samples in \(table.side) classes")
            }
        }
        return nil
    }
}

extension ResultExpectation.Values {
    fileprivate static let share = Self(lowest: 0, highest: 1)

    fileprivate static func count(atMost highest: Int) -> Self {
        Self(lowest: 0, highest: Double(highest), areWhole: true)
    }
}

extension Work {
    package var expectation: ResultExpectation {
        switch self {
        case .train(let work): work.expectation
        case .evaluate(let work): work.expectation
        case .encode, .fit: ResultExpectation()
        }
    }
}

extension TrainWork {
    fileprivate var expectation: ResultExpectation {
        var expectation = ResultExpectation(metrics: ["loss": .init()])
        if settings.activity != nil {
            expectation.metrics["activeShare"] = .share
            expectation.metrics["deadUnits"] = .count(atMost: Limits.sampleSize)
        }
        if settings.tellsEpochs { expectation.series["epochLosses"] = .init() }
        if settings.validationPerClass != nil {
            expectation.metrics["validationErrors"] = .count(atMost: data.count)
        }
        if let plan = settings.pseudoLabels {
            var counts = ResultExpectation.Values.count(atMost: unlabeled.reduce(0) { $0 + $1.count })
            (counts.isRequired, counts.counts) = (true, plan.rounds...plan.rounds)
            expectation.series["pseudoLabels"] = counts
        }
        return expectation
    }
}

extension EvaluateWork {
    fileprivate var expectation: ResultExpectation {
        var expectation = ResultExpectation()
        for measure in measures {
            switch measure {
            case .reconstruction:
                expectation.metrics["reconstructionError"] = .init(isRequired: true)
                expectation.metrics["meanError"] = .init()
            case .activity(_, let isKept):
                expectation.metrics[isKept ? "keptShare" : "activeShare"] = .share
                expectation.metrics[isKept ? "unusedUnits" : "deadUnits"] = .count(atMost: Limits.sampleSize)
            case .confusion(_, let field):
                expectation.tables["confusion"] = .init(side: data[field]?.classes ?? 0, total: data.count)
            case .accuracy: expectation.metrics["accuracy"] = .init(lowest: 0, highest: 1, isRequired: true)
            }
        }
        return expectation
    }
}
