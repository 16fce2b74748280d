import Averaging
import RandomNumbers
import RunProtocol
import Testing

@Suite struct ExactSumTests {
    func updates(_ count: Int, seed: UInt64, magnitude: Float = 1) -> [(vector: [Float], samples: Int)] {
        var random = Philox(key: seed, stream: 0)
        return (0..<count).map { _ in
            let vector = (0..<50).map { _ in
                (random.nextUnit() - 0.5) * magnitude * (random.next(below: 2) == 0 ? 1 : 1e-6)
            }
            return (vector, 1 + random.next(below: 1_000))
        }
    }

    @Test(arguments: 0..<20) func everyOrderAndEveryTreeGivesTheSameBits(seed: Int) throws {
        let all = updates(9, seed: UInt64(seed))
        let total = all.reduce(0) { $0 + $1.samples }
        func sum(_ some: [(vector: [Float], samples: Int)]) throws -> ExactSum {
            var sum = ExactSum(elementCount: 50, totalSamples: total)
            for update in some { try sum.add(update.vector, samples: update.samples) }
            return sum
        }
        let straight = try sum(all)
        var random = Philox(key: UInt64(seed), stream: 9)
        let shuffled = random.permutation(of: 9).map { all[Int($0)] }
        var tree = try sum(Array(shuffled[0..<4]))
        tree.add(try sum(Array(shuffled[4...])))

        #expect(try sum(shuffled) == straight)
        #expect(tree == straight)
        #expect(tree.mean() == straight.mean())
    }

    /// Also of numbers half-way between two multiples, and of the largest.
    @Test(arguments: [1, 60_000, 1 << 30]) func aNumberIsRoundedToTheNearestMultiple(samples: Int) throws {
        var random = Philox(key: UInt64(samples), stream: 3)
        let scale = Double(sign: .plus, exponent: FixedPoint(totalSamples: samples).fractionBits, significand: 1)
        var values = (0..<1_000).map { _ in (random.nextUnit() - 0.5) * Float(1 << random.next(below: 12)) }
        values += (0..<100).map { _ in Float((Double(random.next(below: 1 << 20)) + 0.5) / scale) }
        values += [0, -0.0, Limits.updateMagnitude, -Limits.updateMagnitude, .leastNonzeroMagnitude]
        var sum = ExactSum(elementCount: values.count, totalSamples: samples)
        try sum.add(values, samples: samples)
        let expected = values.map {
            Float((Double($0) * scale).rounded(.toNearestOrEven) * Double(samples) / (scale * Double(samples)))
        }
        #expect(sum.mean() == expected)
    }

    @Test func partsGiveTheSameSumAsTheWhole() throws {
        let all = updates(4, seed: 7)
        let total = all.reduce(0) { $0 + $1.samples }
        var (whole, parts) = (
            ExactSum(elementCount: 50, totalSamples: total), ExactSum(elementCount: 50, totalSamples: total)
        )
        for update in all {
            try whole.add(update.vector, samples: update.samples)
            try parts.add(elementCount: 50, samples: update.samples) { add in
                for start in stride(from: 0, to: 50, by: 7) {
                    try add(Array(update.vector[start..<min(start + 7, 50)]), start)
                }
            }
        }
        #expect(parts == whole)
        var sum = ExactSum(elementCount: 2, totalSamples: 10)
        #expect(throws: RefusedUpdate.wrongCount(found: 3, expected: 2)) {
            try sum.add(elementCount: 3, samples: 1) { _ in }
        }
        #expect(throws: RefusedUpdate.wrongSamples(11)) { try sum.add(elementCount: 2, samples: 11) { _ in } }
        #expect(throws: RefusedUpdate.notFinite(index: 1)) {
            try sum.add(elementCount: 2, samples: 1) { add in
                try add([1], 0)
                try add([.nan], 1)
            }
        }
    }

    @Test func theMeanIsTheMean() throws {
        let all = updates(5, seed: 3)
        let total = all.reduce(0) { $0 + $1.samples }
        var sum = ExactSum(elementCount: 50, totalSamples: total)
        for update in all { try sum.add(update.vector, samples: update.samples) }
        for (index, value) in sum.mean().enumerated() {
            let expected = all.reduce(0.0) { $0 + Double($1.vector[index]) * Double($1.samples) } / Double(total)
            #expect(abs(Double(value) - expected) < 1e-7)
        }
    }

    @Test(arguments: [1, 2, 3, 1_000, 1 << 20, 1 << 31, 1 << 41]) func extremesDoNotOverflow(samples: Int) throws {
        for value in [Limits.updateMagnitude, -Limits.updateMagnitude] {
            var sum = ExactSum(elementCount: 1, totalSamples: samples)
            try sum.add([value], samples: max(samples / 2, 1))
            if samples > 1 { try sum.add([value], samples: samples - samples / 2) }
            #expect(sum.mean() == [value])
        }
    }

    @Test func whatCannotBeAddedIsRefusedWithItsReason() throws {
        var sum = ExactSum(elementCount: 2, totalSamples: 10)
        let before = sum
        #expect(throws: RefusedUpdate.wrongCount(found: 1, expected: 2)) { try sum.add([1], samples: 1) }
        #expect(throws: RefusedUpdate.notFinite(index: 1)) { try sum.add([1, .nan], samples: 1) }
        #expect(throws: RefusedUpdate.notFinite(index: 0)) { try sum.add([.infinity, 1], samples: 1) }
        #expect(throws: RefusedUpdate.tooLarge(index: 0, value: 2_000)) { try sum.add([2_000, 1], samples: 1) }
        #expect(throws: RefusedUpdate.wrongSamples(11)) { try sum.add([1, 1], samples: 11) }
        #expect(throws: RefusedUpdate.wrongSamples(0)) { try sum.add([1, 1], samples: 0) }
        #expect(sum == before)
        #expect("\(RefusedUpdate.notFinite(index: 1))".contains("number 1"))
    }
}

@Suite struct OuterOptimizerTests {
    let parameters = [ParameterSpec(name: "w", shape: [2, 2], role: .bias, initializer: .zero)]

    @Test func meanAddsTheDelta() {
        var (weights, momentum): ([Float], [Float]) = ([1, 2, 3, 4], [])
        OuterOptimizer.mean.step(&weights, momentum: &momentum, delta: [1, 0, -1, 2], parameters: parameters)
        #expect(weights == [2, 2, 2, 6])
        #expect(momentum.isEmpty)
    }

    @Test func nesterovLooksAhead() {
        var (weights, momentum): ([Float], [Float]) = ([0, 0, 0, 0], [])
        let outer = OuterOptimizer.nesterov(learningRate: 0.5, momentum: 0.5)
        outer.step(&weights, momentum: &momentum, delta: [1, 2, 0, -4], parameters: parameters)
        #expect(weights == [0.75, 1.5, 0, -3])
        outer.step(&weights, momentum: &momentum, delta: [1, 0, 0, 0], parameters: parameters)
        #expect(momentum == [1.5, 1, 0, -2])
        #expect(weights == [1.625, 1.75, 0, -3.5])
    }

    @Test func unitRowsAreKept() {
        let parameters = [
            ParameterSpec(name: "b", shape: [1], role: .bias, initializer: .zero),
            ParameterSpec(name: "w", shape: [2, 2], role: .weight, initializer: .zero, hasUnitRows: true),
        ]
        var (weights, momentum): ([Float], [Float]) = ([5, 1, 0, 0, 1], [])
        OuterOptimizer.mean.step(&weights, momentum: &momentum, delta: [1, 2, 4, 0, 1], parameters: parameters)
        #expect(weights == [6, 0.6, 0.8, 0, 1])
    }
}
