import CElementwise
import RandomNumbers
import RunProtocol

/// All that a task learns from, as rows that count from 0: its samples, then the unlabeled ones.
struct Examples {
    private let parts: [TaskData]
    /// Where each part's rows begin, and the end of the last.
    private let starts: [Int]

    init(_ data: TaskData, unlabeled: [TaskData]) {
        parts = [data] + unlabeled
        starts = parts.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1.count) }
    }

    var labeledCount: Int { parts[0].count }
    /// One for each labeled example.
    var labels: [Int32] { parts[0].classes }
    var unlabeled: Range<Int32> { Int32(labeledCount)..<Int32(starts[parts.count]) }

    /// Writes the samples of `rows` to the inputs' places.
    func gather(_ rows: [Int32], into executor: GraphExecutor) {
        guard parts.count > 1 else { return parts[0].gather(rows[...], into: executor) }
        var start = 0
        while start < rows.count {
            // As many rows at once as lie in the same part.
            let part = part(of: rows[start])
            let end = rows[start...].firstIndex { self.part(of: $0) != part } ?? rows.count
            let own = rows[start..<end].map { $0 - Int32(starts[part]) }
            parts[part].gather(own[...], into: executor, at: start)
            start = end
        }
    }

    private func part(of row: Int32) -> Int { starts.lastIndex { $0 <= row } ?? 0 }

    /// Sets up to `count` examples of each class aside, drawn by the seed; one of each class at least is left.
    /// - Returns: rows to learn from and rows to validate on, both in their order.
    func divided(validationPerClass count: Int, seed: UInt64) -> (training: [Int32], validation: [Int32]) {
        let all = Array(0..<Int32(labeledCount))
        guard count > 0 else { return (all, []) }
        let labels = labels
        var random = Philox(key: seed, stream: RandomStream.validation)
        var left = labels.reduce(into: [Int32: Int]()) { $0[$1, default: 0] += 1 }
        var taken: [Int32: Int] = [:]
        var validation: Set<Int32> = []
        for row in random.permutation(of: labels.count) {
            let label = labels[Int(row)]
            guard taken[label, default: 0] < count, left[label, default: 0] > 1 else { continue }
            taken[label, default: 0] += 1
            left[label, default: 0] -= 1
            validation.insert(row)
        }
        return (all.filter { !validation.contains($0) }, all.filter(validation.contains))
    }
}

extension ClassWeights {
    /// How much the loss of an example of each class counts.
    /// - Parameter labels: those that are learnt from.
    func values(classes: Int, labels: some Sequence<Int32>) -> [Float] {
        switch self {
        case .equal: return [Float](repeating: 1, count: classes)
        case .list(let weights): return weights.map(Float.init)
        case .balanced:
            var counts = [Int](repeating: 0, count: classes)
            for label in labels { counts[Int(label)] += 1 }
            let share = Double(counts.reduce(0, +)) / Double(counts.count { $0 > 0 })
            return counts.map { $0 == 0 ? 0 : Float(share / Double($0)) }
        }
    }
}

/// Deals rows in random order, again and again.
struct Deck {
    private let rows: [Int32]
    private let seed: UInt64
    private var pass = 0
    private var order: ArraySlice<Int32> = []

    init(_ rows: [Int32], seed: UInt64) { (self.rows, self.seed) = (rows, seed) }

    mutating func deal(_ count: Int) -> [Int32] {
        (0..<count).map { _ in
            if order.isEmpty {
                var random = Philox(key: seed, stream: RandomStream.deal(pass: pass))
                order = random.permutation(of: rows.count)[...]
                pass += 1
            }
            return rows[Int(order.removeFirst())]
        }
    }
}
