import Glibc
import TensorCore
import Testing

@Suite struct ComputeThreadTests {
    @Test(arguments: [false, true]) func resultsComeInOrder(pinned: Bool) {
        #expect(ComputeThread.results(count: 5, pinned: pinned) { $0 * $0 } == [0, 1, 4, 9, 16])
    }

    @Test func eachSlotHasACoreOfItsOwnWhereThereAreEnough() {
        let allowed = CoreSet.allowed
        #expect(!allowed.isEmpty)
        #expect(CoreSet.cores(forSlots: allowed.count) == allowed)
        #expect(CoreSet.cores(forSlots: allowed.count + 1) == nil)
        let seen = ComputeThread.results(count: allowed.count, pinned: true) { _ in
            CoreSet.allowed
        }
        #expect(seen == allowed.map { [$0] })
        #expect(CoreSet.allowed == allowed)
    }

    @Test(arguments: [9_999, 100_000]) func aCoreThatIsNotThereLeavesTheThreadFree(core: Int) {
        let allowed = CoreSet.allowed
        let seen = ComputeThread.results(count: 1, pinned: false) { _ in
            CoreSet.stay(on: core)
            return CoreSet.allowed
        }
        #expect(seen == [allowed])
    }

    @Test func benchmarksMeasureSomething() {
        let peak = PeakBenchmark.run(threads: 2, seconds: 0.01, pinned: true)
        #expect(peak.rows.map(\.threads) == [1, 2])
        #expect(peak.rows.allSatisfy { $0.float32GigaflopsPerSecond > 0.1 && $0.memoryGigabytesPerSecond > 0.01 })
        for precision in MatmulBenchmark.Precision.allCases {
            let product = MatmulBenchmark.run(
                m: 8, n: 32, k: 16, precision: precision, slots: 2, seconds: 0.01, pinned: true)
            #expect(product.gigaflopsPerSecond > 0)
            #expect(precision == .bfloat16 || product.shareOfPeak.map { $0 > 0 && $0 < 1.5 } == true)
        }
    }
}
