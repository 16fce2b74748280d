import Kinds
import RunProtocol
import Testing
import Training

/// Where samples lie changes no bit.
@Suite struct SamplesTests {
    /// Memory that is freed with it.
    private final class Memory: Sendable {
        nonisolated(unsafe) let bytes: UnsafeMutableRawBufferPointer

        init(_ numbers: Samples.Numbers) {
            bytes = numbers.withUnsafeBytes { _, source in
                let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: source.count, alignment: 64)
                copy.copyMemory(from: source)
                return copy
            }
        }

        deinit {
            // Who reads on after the last reference finds other numbers.
            bytes.initializeMemory(as: UInt8.self, repeating: 255)
            bytes.deallocate()
        }
    }

    private func foreign(_ samples: Samples, _ type: Samples.ElementType, isFetchedByRow: Bool) -> Samples {
        let memory = Memory(samples.numbers)
        let numbers = ForeignNumbers(
            type, UnsafeRawBufferPointer(memory.bytes), owner: memory, isFetchedByRow: isFetchedByRow)
        return Samples(count: samples.count, size: samples.size, numbers: .foreign(numbers), divisor: samples.divisor)
    }

    private func pretrain(_ samples: Samples) throws -> TaskResult {
        let settings = StageSettings.example()
        let set = SampleSet(digest: TaskTests.digest, count: 300, size: 40, divisor: samples.divisor)
        let work = AutoencoderStage(layer: 0, decoders: [settings.decoderSpec], settings: settings).training(
            of: TaskTests.network, frozen: nil, start: TaskTests.digest, on: set, round: 1, seed: 5)
        let start = TaskTests.network.autoencoderParameters(first: 0, decoders: [settings.decoderSpec]).initialValues(
            seed: 2)
        return try TaskFunctions.train(
            work, given: start, data: TaskData([samples]), isCancelled: { false })
    }

    @Test(arguments: [false, true]) func foreignMemoryGivesTheSameBits(isFetchedByRow: Bool) throws {
        let bytes = TaskTests.samples
        #expect(try pretrain(foreign(bytes, .uint8, isFetchedByRow: isFetchedByRow)) == pretrain(bytes))
        let codes = try codes(of: bytes)
        #expect(try pretrain(foreign(codes, .bfloat16, isFetchedByRow: isFetchedByRow)) == pretrain(codes))
    }

    /// Codes of 40 units, so that they fit the same network.
    private func codes(of samples: Samples) throws -> Samples {
        let network = NetworkSpec(inputSize: 40, layers: [LayerSpec(units: 40, activation: .sigmoid)])
        let weights = network.stackParameters(count: 1).initialValues(seed: 9)
        var bits: [UInt16] = []
        try TaskFunctions.codes(
            of: TaskData([samples]), graph: network.encoderGraph(layers: 0..<1), weights: weights,
            isCancelled: { false }
        ) { bits += $0 }
        return Samples(count: samples.count, size: 40, numbers: .bfloat16(bits), divisor: 1)
    }

    @Test func codesAreTheNearestBfloat16() throws {
        let codes = try codes(of: TaskTests.samples)
        for index in [0, 17, 255, 256, 299] {
            let code = codes.sample(index)
            #expect(code.allSatisfy { (0...1).contains($0) && $0.bitPattern & 0xFFFF == 0 })
            #expect(Set(code).count > 10)
        }
        #expect(throws: TaskCancelled.self) {
            try TaskFunctions.codes(
                of: TaskData([TaskTests.samples]), graph: TaskTests.network.encoderGraph(layers: 0..<1),
                weights: TaskTests.network.stackParameters(count: 1).initialValues(seed: 1), isCancelled: { true }
            ) { _ in Issue.record("a cancelled task gives nothing") }
        }
    }
}
