import RunProtocol

/// Labels guessed for some of the unlabeled samples.
struct Guesses {
    /// The samples' rows in `Examples`, in their order, and the class of each.
    let rows: [Int32]
    let labels: [Int32]

    /// The most confident guesses: of each sample the most probable class.
    /// - Parameters:
    ///   - probabilities: (samples, classes)
    ///   - first: the row of the first sample.
    ///   - round: from 1.
    init(_ probabilities: [Float], classes: Int, first: Int32, settings: PseudoLabels, round: Int) {
        let count = probabilities.count / classes
        let sure = Self.answers(probabilities, classes: classes).filter { Double($0.confidence) >= settings.confidence }
            .sorted { ($1.confidence, $0.sample) < ($0.confidence, $1.sample) }
        let wanted = settings.share * Double(count) * Double(round) / Double(settings.rounds)
        let perClass = settings.isBalanced ? Int((wanted / Double(classes)).rounded(.up)) : count
        var taken = [Int](repeating: 0, count: classes)
        let chosen = sure.filter { answer in
            taken[Int(answer.label)] += 1
            return taken[Int(answer.label)] <= perClass
        }
        let kept = chosen.prefix(Int(wanted.rounded(.up))).sorted { $0.sample < $1.sample }
        rows = kept.map { first + Int32($0.sample) }
        labels = kept.map(\.label)
    }

    /// Each sample's most probable class, the lowest of equal ones.
    /// - Parameter probabilities: (samples, classes)
    static func answers(
        _ probabilities: [Float], classes: Int
    ) -> [(sample: Int, label: Int32, confidence: Float)] {
        (0..<probabilities.count / classes).map { sample in
            let own = probabilities[sample * classes..<(sample + 1) * classes]
            let best = own.indices.max { own[$0] < own[$1] } ?? own.startIndex
            return (sample, Int32(best - own.startIndex), own[best])
        }
    }
}
