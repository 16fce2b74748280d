/// The learning rate over a stage, as a factor of the optimizer's own.
package struct LearningRateSchedule: Codable, Hashable, Sendable {
    /// How the factor falls to zero.
    package enum Decay: String, Codable, Sendable, CaseIterable {
        /// In a straight line.
        case linear
        /// As half a wave of the cosine does (Loshchilov and Hutter 2017).
        case cosine
    }

    /// The factor rises in a straight line from zero until this share of it is done.
    package var warmUp: Double
    package var decay: Decay
    /// The share of it after which the factor falls, to reach zero at its end; 1: it never falls.
    package var decayStart: Double

    package init(warmUp: Double = 0, decay: Decay = .linear, decayStart: Double = 1) {
        (self.warmUp, self.decay, self.decayStart) = (warmUp, decay, decayStart)
    }

    package static let constant = LearningRateSchedule()

    /// The factor when `progress` (0 ... 1) of the steps are done.
    package func factor(progress: Double) -> Double {
        let rise = progress < warmUp ? progress / warmUp : 1
        guard progress > decayStart else { return rise }
        let left = max(0, (1 - progress) / (1 - decayStart))
        return rise * (decay == .linear ? left : Self.wave(left))
    }

    /// (1 - cos πx) / 2 for x in 0 ... 1, by the series of the sine of π(x - 1/2): no library function decides its last bit.
    private static func wave(_ x: Double) -> Double {
        let angle = Double.pi * (x - 0.5)
        let square = angle * angle
        let series = stride(from: 16.0, through: 2, by: -2).reduce(1) { 1 - square / ($1 * ($1 + 1)) * $0 }
        return (1 + angle * series) / 2
    }
}
