import CElementwise
import RunProtocol
import TensorCore

/// activation(the sum over inputs x of x · weight, + bias).
///
/// Of the value that a loss is of only the sums are computed, without bias: the loss adds it, with the activation.
final class LinearKernel: Kernel {
    /// How an input is multiplied, and where its weight lies in the flat list.
    struct Part {
        let map: any LinearMap
        let weight: Int
        /// Another node, which is derived before it, has the same weight: the derivative is added.
        let isShared: Bool
    }

    private let parts: [Part]
    /// Where the bias lies, and whether another node, which is derived before it, has the same one.
    private let bias: (place: Int, isShared: Bool)
    let outputSize: Int
    /// The length of the bias.
    let columns: Int
    let activation: Activation
    private let memory: ParameterMemory
    private let leavesSums: Bool
    private let isPenalized: Bool
    /// Products of all inputs but the first.
    private let product: FloatBuffer
    /// Room for `wholeBias` where the output is an image.
    private let wideBias: FloatBuffer
    let title: String
    var profile: StepProfile?

    init(
        _ parts: [Part], bias: (place: Int, isShared: Bool), outputSize: Int, columns: Int, activation: Activation,
        memory: ParameterMemory, leavesSums: Bool, isPenalized: Bool, capacity: Int, title: String
    ) {
        (self.parts, self.bias, self.outputSize, self.columns) = (parts, bias, outputSize, columns)
        (self.activation, self.memory, self.leavesSums) = (activation, memory, leavesSums)
        (self.isPenalized, self.title) = (isPenalized, title)
        product = FloatBuffer(count: parts.count > 1 ? capacity * outputSize : 0)
        wideBias = FloatBuffer(count: leavesSums && columns < outputSize ? outputSize : 0)
    }

    func memory(capacity: Int) -> Int {
        parts.reduce(0) { $0 + $1.map.memory(batchSize: capacity) } + wideBias.count * 4
            + (parts.count > 1 ? capacity * outputSize * 4 : 0)
    }

    /// The bias of each of a sample's outputs: an image's is the same at each position.
    var wholeBias: Numbers {
        guard columns < outputSize else { return memory.weights.pointer + bias.place }
        for place in 0..<outputSize {
            wideBias.pointer[place] = memory.weights.pointer[bias.place + place % columns]
        }
        return wideBias.pointer
    }

    func forward(_ inputs: [Numbers], into output: Numbers, _ pass: Pass) {
        let count = pass.count
        profile.measure(.forwardProduct, layer: title) {
            for (index, part) in parts.enumerated() {
                let place = index == 0 ? output : product.pointer
                part.map.forward(inputs[index], weight: memory.weight(at: part.weight), into: place, count: count)
                if index > 0 { ce_add(output, place, count * outputSize) }
            }
        }
        guard !leavesSums else { return }
        profile.measure(.biasAndActivation, layer: title) {
            ce_bias_activation(
                output, memory.weights.pointer + bias.place, count * outputSize / columns, columns,
                activation.kernel)
        }
    }

    func backward(
        _ inputs: [Numbers], output: Numbers, delta: Numbers, into inputDeltas: [Numbers?], _ pass: Pass
    ) {
        let count = pass.count
        let gradient = memory.gradient.pointer
        profile.measure(.slopeAndBiasGradient, layer: title) {
            if !leavesSums {
                ce_activation_backward(
                    delta, output, count * outputSize, isPenalized ? pass.penalty : 0, activation.kernel)
            }
            ce_column_sums(
                delta, count * outputSize / columns, columns, pass.isAdding || bias.isShared, gradient + bias.place)
        }
        for (input, part) in zip(inputs, parts) {
            profile.measure(.weightGradient, layer: title) {
                part.map.weightGradient(
                    input, delta: delta, into: gradient + part.weight, count: count,
                    adding: pass.isAdding || part.isShared)
            }
        }
        for (place, part) in zip(inputDeltas, parts) {
            guard let place else { continue }
            profile.measure(.inputGradient, layer: title) {
                part.map.inputGradient(delta, weight: memory.weight(at: part.weight), into: place, count: count)
            }
        }
    }
}

extension LinearOperation {
    /// - Parameter capacity: how many samples at a time.
    func map(of input: [Int], output: [Int], usesBfloat16: Bool, capacity: Int) -> any LinearMap {
        switch self {
        case .dense(_, let isTransposed):
            let (inputs, outputs) = (input.reduce(1, *), output.reduce(1, *))
            return usesBfloat16
                ? Bfloat16DenseMap(inputs: inputs, outputs: outputs, isTransposed: isTransposed, batchSize: capacity)
                : DenseMap(inputs: inputs, outputs: outputs, isTransposed: isTransposed)
        case .convolution(let channels, let kernel, let stride):
            return ConvolutionMap(
                ConvolutionShape(
                    inputHeight: input[0], inputWidth: input[1], inputChannels: input[2], outputChannels: channels,
                    kernel: kernel, stride: stride))
        case .transposedConvolution(let image, let kernel, let stride):
            return ConvolutionMap(
                ConvolutionShape(
                    inputHeight: image.height, inputWidth: image.width, inputChannels: image.channels,
                    outputChannels: input[2], kernel: kernel, stride: stride), isTransposed: true)
        case .upsampledConvolution(let image, let kernel, let factor):
            let shape = ConvolutionShape(
                inputHeight: image.height, inputWidth: image.width, inputChannels: input[2],
                outputChannels: image.channels, kernel: kernel, stride: 1, hasInputMajorWeight: true)
            return UpsamplingMap(shape, factor: factor, batchSize: capacity)
        }
    }
}
