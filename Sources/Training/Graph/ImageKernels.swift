import CElementwise
import RunProtocol

/// The largest of each window of an image's positions, channel by channel. It remembers which one it was.
final class MaxPoolKernel: Kernel {
    private let image: ImageShape
    private let window: Int
    private let places: UnsafeMutablePointer<UInt8>

    /// - Parameter image: the input's.
    init(_ image: ImageShape, window: Int, capacity: Int) {
        (self.image, self.window) = (image, window)
        // No more windows than positions.
        places = .allocate(capacity: capacity * image.count)
    }

    func memory(capacity: Int) -> Int { capacity * image.count }

    deinit { places.deallocate() }

    func forward(_ inputs: [Numbers], into output: Numbers, _ pass: Pass) {
        ce_max_pool(inputs[0], pass.count, image.height, image.width, image.channels, window, output, places)
    }

    func backward(
        _: [Numbers], output _: Numbers, delta: Numbers, into inputDeltas: [Numbers?], _ pass: Pass
    ) {
        guard let out = inputDeltas[0] else { return }
        ce_max_pool_backward(
            delta, places, pass.count, image.height, image.width, image.channels, window, out)
    }
}

/// Each position of a small image repeated.
final class UpsampleKernel: Kernel {
    private let image: ImageShape
    private let factor: Int

    /// - Parameter image: the output's.
    init(_ image: ImageShape, factor: Int) { (self.image, self.factor) = (image, factor) }

    func forward(_ inputs: [Numbers], into output: Numbers, _ pass: Pass) {
        ce_upsample(inputs[0], pass.count, image.height, image.width, image.channels, factor, output)
    }

    func backward(
        _: [Numbers], output _: Numbers, delta: Numbers, into inputDeltas: [Numbers?], _ pass: Pass
    ) {
        guard let out = inputDeltas[0] else { return }
        ce_upsample_backward(delta, pass.count, image.height, image.width, image.channels, factor, out)
    }
}
