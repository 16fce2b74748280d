import TensorCore
import Testing

/// Compares a gradient with central finite differences of the loss.
func expectFiniteDifferences(
    _ gradient: [Float], at weights: FloatBuffer, loss: () -> Double
) {
    let step: Float = 2e-3
    let here = loss()
    var checked = 0
    for index in 0..<weights.count {
        let kept = weights.pointer[index]
        weights.pointer[index] = kept + step
        let above = loss()
        weights.pointer[index] = kept - step
        let below = loss()
        weights.pointer[index] = kept
        let difference = (above - below) / Double(2 * step)
        // Where the slopes on both sides differ, a rectified sum has its corner in between: there is no gradient.
        let bend = abs((above - here) - (here - below)) / Double(step)
        guard bend < 0.008 + 0.01 * abs(difference) else { continue }
        checked += 1
        let tolerance = 5e-3 + 0.01 * abs(difference)
        if abs(difference - Double(gradient[index])) > tolerance {
            Issue.record("weight \(index): gradient \(gradient[index]), finite difference \(difference)")
        }
    }
    #expect(checked > weights.count / 2)
}
