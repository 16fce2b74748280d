import CElementwise
import RandomNumbers
import RunProtocol

/// Noise on values, or values set to zero, while training.
final class CorruptKernel: Kernel {
    private let size: Int
    private let corruption: Corruption
    private let stream: UInt64

    init(size: Int, _ corruption: Corruption, stream: UInt64) {
        (self.size, self.corruption, self.stream) = (size, corruption, stream)
    }

    func forward(_ inputs: [Numbers], into output: Numbers, _ pass: Pass) {
        let (input, count) = (inputs[0], pass.count * size)
        guard pass.isTraining, corruption != .none else {
            if input != output { output.update(from: input, count: count) }
            return
        }
        let (seed, first) = (pass.seed, pass.firstBlock)
        switch corruption {
        case .none: break
        case .masking(let probability):
            ce_drop(
                input, count, Float(probability), Float(1 / (1 - probability)), seed, stream, first, output)
        case .gaussian(let deviation): ce_add_noise(input, count, Float(deviation), seed, stream, first, output)
        case .saltAndPepper(let probability):
            ce_salt_and_pepper(input, count, Float(probability), seed, stream, first, output)
        }
    }

    /// Where the input lay in the output's place, it gets back its scale: what computed it needs its slope there. What was
    /// set to zero has no derivative.
    func backward(
        _ inputs: [Numbers], output: Numbers, delta: Numbers, into inputDeltas: [Numbers?], _ pass: Pass
    ) {
        guard let out = inputDeltas[0] else { return }
        let count = pass.count * size
        guard case .masking(let probability) = corruption else {
            precondition(corruption.isAdditive, "salt and pepper has no derivative")
            if out != delta { out.update(from: delta, count: count) }
            return
        }
        ce_drop(
            delta, count, Float(probability), Float(1 / (1 - probability)), pass.seed, stream, pass.firstBlock, out)
        if inputs[0] == output { ce_scale(output, count, Float(1 - probability)) }
    }
}

extension Corruption {
    fileprivate var isAdditive: Bool { if case .saltAndPepper = self { false } else { true } }
}

/// Images moved by whole numbers of positions, uniform in -most ... most both ways, while training.
final class ShiftKernel: Kernel {
    private let image: ImageShape
    private let most: Int
    private let stream: UInt64

    init(_ image: ImageShape, most: Int, stream: UInt64) {
        (self.image, self.most, self.stream) = (image, most, stream)
    }

    func forward(_ inputs: [Numbers], into output: Numbers, _ pass: Pass) {
        if inputs[0] != output { output.update(from: inputs[0], count: pass.count * image.count) }
        guard pass.isTraining else { return }
        var random = Philox(key: pass.seed, stream: stream | UInt64(pass.step))
        for place in 0..<pass.count {
            let (down, right) = (random.next(below: 2 * most + 1) - most, random.next(below: 2 * most + 1) - most)
            ce_shift(output + place * image.count, image.height, image.width, image.channels, down, right)
        }
    }

    func backward(_: [Numbers], output _: Numbers, delta _: Numbers, into _: [Numbers?], _: Pass) {
        preconditionFailure("only samples are moved, which have no derivative")
    }
}
