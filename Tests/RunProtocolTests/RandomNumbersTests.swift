import RandomNumbers
import Testing

@Suite struct PhiloxTests {
    /// The known answers that the paper's authors publish with their reference implementation.
    @Test func knownAnswers() {
        let zeros = Philox.block(key: 0, stream: 0, counter: 0)
        #expect(zeros == SIMD4(0x6627_E8D5, 0xE169_C58D, 0xBC57_AC4C, 0x9B00_DBD8))
        let ones = Philox.block(key: .max, stream: .max, counter: .max)
        #expect(ones == SIMD4(0x408F_276D, 0x41C8_3B0E, 0xA20B_C7C6, 0x6D54_51FD))
    }

    @Test func permutationsAreWhatTheySay() {
        var random = Philox(key: 3, stream: 1)
        let order = random.permutation(of: 1_000)
        #expect(order.sorted() == Array(0..<1_000))
        #expect(order != order.sorted())
        var again = Philox(key: 3, stream: 1)
        #expect(again.permutation(of: 1_000) == order)
    }

    @Test func unitNumbersAreUniform() {
        var random = Philox(key: 5, stream: 2)
        let numbers = (0..<100_000).map { _ in random.nextUnit() }
        #expect(numbers.allSatisfy { $0 >= 0 && $0 < 1 })
        #expect(abs(numbers.reduce(0, +) / 100_000 - 0.5) < 0.01)
    }

    @Test func seedsDifferByEveryWord() {
        let seeds = (0..<10).flatMap { first in
            (0..<10).map { second in Seed.derive(from: 1, UInt64(first), UInt64(second)) }
        }
        #expect(Set(seeds).count == 100)
        #expect(Seed.derive(from: 1, 2, 3) == Seed.derive(from: 1, 2, 3))
    }
}
