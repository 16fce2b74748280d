extension TaskDescription {
    /// A task comes from another host: sizes that do not belong together must not reach the kernels.
    /// - Throws: `.invalidData` whenever no right coordinator could have made it.
    package func check() throws(APIError) {
        do throws(GraphProblem) {
            guard title.utf8.count <= Limits.nameCharacters * 4, work.sets.count <= Limits.shards + 1
            else { throw GraphProblem("its name or its samples are too many") }
            switch work {
            case .train(let work): try work.check()
            case .evaluate(let work): try work.check()
            case .encode(let work): try work.check()
            case .fit(let work): try work.check()
            }
        } catch {
            throw APIError(.invalidData, "\(id) asks for sizes that do not belong together: \(error)")
        }
    }
}

/// - Throws: `problem` unless it holds.
private func require(_ holds: Bool, _ problem: @autoclosure () -> String) throws(GraphProblem) {
    guard holds else { throw GraphProblem(problem()) }
}

extension FieldSet {
    fileprivate var isPossible: Bool {
        (1...Limits.samples).contains(count) && (1...Limits.fields).contains(fields.count)
            && Set(fields.map(\.name)).count == fields.count && fields.allSatisfy(\.content.isPossible)
    }

    /// Whether it has what a graph reads, where `cut` makes codes of one of its fields.
    fileprivate func check(for graph: Graph, _ cut: Cut?) throws(GraphProblem) {
        try require(isPossible, "the samples have impossible fields")
        for input in graph.inputs {
            let size = input.shape.reduce(1, *)
            if let cut, cut.field == input.field {
                let shapes = try cut.graph.shapes()
                try require(
                    cut.graph.inputs.count == 1 && self[input.field]?.size == shapes[0].reduce(1, *)
                        && shapes.last?.reduce(1, *) == size, "the cut does not fit \(input.field)")
            } else {
                try require(self[input.field]?.size == size, "field \(input.field) has not \(size) values")
            }
        }
    }
}

extension Field.Content {
    fileprivate var isPossible: Bool {
        switch self {
        case .values(let shape, let preprocessing):
            (1...4).contains(shape.count) && shape.allSatisfy { (1...Limits.sampleSize).contains($0) }
                && shape.reduce(1.0) { $0 * Double($1) } <= Double(Limits.sampleSize) && preprocessing.isPossible
        case .classes(let count): (1...Limits.classes).contains(count)
        }
    }
}

extension Objective {
    /// Whether it is of a graph's values.
    /// - Parameter shapes: of all values.
    package func check(in graph: Graph, shapes: [[Int]], classes: (String) -> Int?) throws(GraphProblem) {
        try require(
            graph.isLinear(output) && !graph.nodes.contains { $0.inputs.contains(output) },
            "a loss is of a linear node that no other reads")
        guard case .linear(_, let activation)? = graph.node(of: output)?.operation else { return }
        switch loss {
        case .reconstruction(let loss, let target):
            try require(
                shapes.indices.contains(target) && shapes[target].reduce(1, *) == shapes[output].reduce(1, *),
                "the output and what it is to give back differ in size")
            try require(
                loss == .meanSquaredError || activation == .sigmoid, "binary cross-entropy needs a sigmoid output")
        case .crossEntropy(let field, let weights):
            let count = classes(field)
            try require(count == shapes[output].reduce(1, *), "the output has not a value for each class")
            try require(activation == .linear, "a softmax needs a linear output")
            if case .list(let weights) = weights { try require(weights.count == count, "each class has a weight") }
        }
        guard let penalty else { return }
        let below = graph.root(of: penalty.value)
        try require(below != output && graph.isLinear(below), "a penalty is on the value of a linear node below")
    }
}

extension Graph {
    fileprivate func isLinear(_ value: Int) -> Bool {
        guard (inputs.count..<valueCount).contains(value), case .linear? = node(of: value)?.operation
        else { return false }
        return true
    }

    /// The value that a chain of operations which work in place begins with.
    fileprivate func root(of value: Int) -> Int {
        var value = value
        while (inputs.count..<valueCount).contains(value), let node = node(of: value), node.operation.canBeInPlace {
            value = node.inputs[0]
        }
        return value
    }

    /// Random operations that have no derivative act on samples alone.
    fileprivate func checkRandomOperations() throws(GraphProblem) {
        let below = parametersBelow
        for node in nodes {
            switch node.operation {
            case .shift, .corrupt(.saltAndPepper, _):
                try require(below[node.inputs[0]].isEmpty, "\(node.name) has no derivative")
            default: continue
            }
        }
    }
}

extension TrainWork {
    fileprivate func check() throws(GraphProblem) {
        let shapes = try graph.shapes()
        try graph.checkRandomOperations()
        for set in [data] + unlabeled { try set.check(for: graph, cut) }
        try objective.check(in: graph, shapes: shapes) { data[$0]?.classes }
        try require(
            (1...Limits.rounds).contains(rounds) && (1...rounds).contains(round), "round \(round) of \(rounds)")
        try require((0...graph.parameters.count).contains(start?.count ?? 0), "weights for another graph")
        try require(unlabeled.isEmpty == (settings.pseudoLabels == nil), "pseudo-labels need unlabeled samples")
        let needsClasses = settings.pseudoLabels != nil || settings.validationPerClass != nil
        if needsClasses {
            guard case .crossEntropy = objective.loss else { throw GraphProblem("the loss is not of classes") }
        }
        try settings.check(for: graph, shapes: shapes, output: objective.output)
    }
}

extension TrainingSettings {
    fileprivate func check(for graph: Graph, shapes: [[Int]], output: Int) throws(GraphProblem) {
        try require(
            (1...100_000).contains(epochs) && (1...65_536).contains(batchSize) && samplesAtOnce ?? 1 >= 1
                && (0...1).contains(weightDecay) && validationPerClass ?? 1 >= 1 && pseudoLabels?.isPossible ?? true,
            "a setting is out of its range")
        try require(rates.count == graph.parameters.count, "each parameter has a learning rate")
        try require(shapes.indices.contains(activity ?? 0), "there is no value \(activity ?? 0)")
        guard let revival else { return }
        let places = [revival.weight, revival.bias, revival.reader ?? revival.weight]
        try require(
            places.allSatisfy(graph.parameters.indices.contains) && shapes.indices.contains(revival.value)
                && samplesAtOnce == nil, "units that cannot be revived")
        let (inputs, units) = (shapes[output].reduce(1, *), shapes[revival.value].reduce(1, *))
        let own = places.map { graph.parameters[$0].shape }
        try require(
            own[0] == [inputs, units] && own[1] == [units] && (revival.reader == nil || own[2] == [units, inputs]),
            "units that cannot be revived")
    }
}

extension PseudoLabels {
    fileprivate var isPossible: Bool {
        (1...Limits.selfTrainingRounds).contains(rounds) && (1...100_000).contains(epochs)
            && (1...65_536).contains(batchSize) && (0...1).contains(share)
    }
}

extension EvaluateWork {
    fileprivate func check() throws(GraphProblem) {
        let shapes = try graph.shapes()
        try data.check(for: graph, cut)
        try require(samplesAtOnce ?? 1 >= 1 && (1...Limits.fields).contains(measures.count), "impossible measures")
        var losses = 0
        for measure in measures {
            switch measure {
            case .reconstruction(let loss, let output, let target):
                losses += 1
                try Objective(.reconstruction(loss, target: target), of: output)
                    .check(in: graph, shapes: shapes) { _ in nil }
            case .activity(let value, _):
                try require(shapes.indices.contains(value), "there is no value \(value)")
            case .confusion(let output, let field), .accuracy(let output, let field):
                try require(
                    shapes.indices.contains(output) && data[field]?.classes == shapes[output].reduce(1, *),
                    "the output has not a value for each class")
            }
        }
        try require(losses <= 1, "one loss at most is measured")
        try require(Set(measures.compactMap(\.field)).count <= 1, "one field of classes at most is read")
    }
}

extension EncodeWork {
    fileprivate func check() throws(GraphProblem) {
        _ = try graph.shapes()
        try data.check(for: graph, nil)
        let (count, overflow) = data.count.multipliedReportingOverflow(by: size)
        try require(!overflow && count <= Limits.parameters, "the result would be too large")
    }
}

extension FitWork {
    fileprivate func check() throws(GraphProblem) {
        _ = try graph.shapes()
        try require(!sets.isEmpty, "there is nothing to compute from")
        for set in sets { try set.check(for: graph, nil) }
    }
}
