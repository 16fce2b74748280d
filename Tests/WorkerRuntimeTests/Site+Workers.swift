import Foundation
import RunProtocol
import TestSite

extension Site {
    /// - Parameter training: more of its keys.
    func submission(adding training: String) -> RunSubmission {
        let plan = """
            model: pair_classifier
            data: {left: left.csv, right: right.csv, labels: labels.csv, held_out: 10, shards: 3}
            units: 3
            training: {stages: 2, rounds: 3, replicas: 3, batch_size: 4, trials: 2\(training)}
            """
        return RunSubmission(plan: plan, folder: folder.path)
    }
}
