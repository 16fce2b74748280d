import CElementwise
import RunProtocol

extension Activation {
    var kernel: ce_activation {
        switch self {
        case .relu: CE_RELU
        case .sigmoid: CE_SIGMOID
        case .tanh: CE_TANH
        case .linear: CE_LINEAR
        }
    }
}
