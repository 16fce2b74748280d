import Kinds
import TestSite

extension Site {
    /// With samples, labels and a plan of two layers, and of classifiers on top.
    static func stacked() throws -> Site {
        try Site(
            .standard,
            plan: """
                seed: 3
                data:
                  unlabeled: samples.idx
                  held_out: 10
                  shards: 3
                  labeled: {samples: samples.idx, labels: labels.idx, per_class: 2, draws: 2}
                  test: {samples: samples.idx, labels: labels.idx}
                layers: [{units: 3}, {units: 2, patience: 1}]
                pretraining: {rounds: 2, replicas: 2, outer_optimizer: nesterov}
                fine_tuning: {epochs: 2}
                """,
            files: [
                "samples.idx": idx(shape: [60, 4], (0..<240).map { UInt8(truncatingIfNeeded: $0 * 37) }),
                "labels.idx": idx(shape: [60], (0..<60).map { UInt8($0 % 3) }),
            ])
    }

    static func idx(type: UInt8 = 8, shape: [UInt8], _ payload: [UInt8]) -> [UInt8] {
        [0, 0, type, UInt8(shape.count)] + shape.flatMap { [0, 0, 0, $0] } + payload
    }
}
