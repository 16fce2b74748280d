import CElementwise
import RunProtocol

/// The largest of each window of a picture's places, channel by channel. It remembers which one it was.
final class MaxPool {
    private let image: ImageShape
    private let window: Int
    private let places: UnsafeMutablePointer<UInt8>

    /// - Parameter image: the input's.
    init(_ image: ImageShape, window: Int, batchSize: Int) {
        self.image = image
        self.window = window
        // No more windows than places.
        places = .allocate(capacity: batchSize * image.count)
    }

    /// In bytes.
    func memory(batchSize: Int) -> Int { batchSize * image.count }

    deinit {
        places.deallocate()
    }

    func forward(_ x: Numbers, into out: Numbers, count: Int) {
        ce_max_pool(x, count, image.height, image.width, image.channels, window, out, places)
    }

    /// After `forward` of the same batch.
    func inputGradient(_ delta: Numbers, into out: Numbers, count: Int) {
        ce_max_pool_backward(delta, places, count, image.height, image.width, image.channels, window, out)
    }
}

/// Each place of a small picture repeated, as large as the picture was before it was pooled.
struct Unpool {
    /// The output's.
    let image: ImageShape
    let window: Int

    func forward(_ x: Numbers, into out: Numbers, count: Int) {
        ce_upsample(x, count, image.height, image.width, image.channels, window, out)
    }

    func inputGradient(_ delta: Numbers, into out: Numbers, count: Int) {
        ce_upsample_backward(delta, count, image.height, image.width, image.channels, window, out)
    }
}
