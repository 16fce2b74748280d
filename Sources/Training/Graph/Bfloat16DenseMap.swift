import CElementwise
import TensorCore

/// A `DenseMap` whose factors are rounded to bfloat16; the products are added up in float32.
///
/// `weightGradient` belongs to the batch of the last `forward`, and `inputGradient` to the delta of the last
/// `weightGradient`: each batch is rounded once.
final class Bfloat16DenseMap: LinearMap {
    private let inputs: Int
    private let outputs: Int
    private let isTransposed: Bool
    private let product = Bfloat16Product()
    private let x: Bfloat16Buffer
    private let delta: Bfloat16Buffer

    init(inputs: Int, outputs: Int, isTransposed: Bool, batchSize: Int) {
        (self.inputs, self.outputs, self.isTransposed) = (inputs, outputs, isTransposed)
        x = Bfloat16Buffer(count: batchSize * inputs)
        delta = Bfloat16Buffer(count: batchSize * outputs)
    }

    /// (inputs, outputs)
    private func matrix(_ weight: LayerWeight) -> Bfloat16View {
        guard let weight = weight.bfloat16 else { preconditionFailure("the chain keeps no bfloat16 weights") }
        return isTransposed
            ? Bfloat16View(weight, rows: outputs, columns: inputs).transposed
            : Bfloat16View(weight, rows: inputs, columns: outputs)
    }

    func forward(_ x: Numbers, weight: LayerWeight, into out: Numbers, count: Int) {
        ce_to_bf16(x, count * inputs, self.x.pointer)
        product.multiply(
            Bfloat16View(self.x.pointer, rows: count, columns: inputs), matrix(weight),
            into: MatrixView(out, rows: count, columns: outputs))
    }

    func inputGradient(_: Numbers, weight: LayerWeight, into out: Numbers, count: Int) {
        product.multiply(
            Bfloat16View(delta.pointer, rows: count, columns: outputs), matrix(weight).transposed,
            into: MatrixView(out, rows: count, columns: inputs))
    }

    func weightGradient(_: Numbers, delta: Numbers, into out: Numbers, count: Int, adding: Bool) {
        ce_to_bf16(delta, count * outputs, self.delta.pointer)
        let x = Bfloat16View(x.pointer, rows: count, columns: inputs)
        let delta = Bfloat16View(self.delta.pointer, rows: count, columns: outputs)
        if isTransposed {
            let out = MatrixView(out, rows: outputs, columns: inputs)
            product.multiply(delta.transposed, x, into: out, adding: adding)
        } else {
            let out = MatrixView(out, rows: inputs, columns: outputs)
            product.multiply(x.transposed, delta, into: out, adding: adding)
        }
    }

    func memory(batchSize: Int) -> Int { batchSize * (inputs + outputs) * 2 }
}
