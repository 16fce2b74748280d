import Coordination
import CoordinatorRuntime
import Foundation
import Kinds
import RunProtocol
import TestSite
import Testing

/// A stacked autoencoder's run from its plan to its exports, with made-up answers.
@Suite(.timeLimit(.minutes(3))) struct RunTests {
    private func reference(_ site: Site) async throws -> RunStatus {
        try await site.living(state: "reference") { coordinator in
            try await coordinator.finish(coordinator.submit(site.submission).id)
        }
    }

    @Test func aRunGoesToItsEnd() async throws {
        let site = try Site.stacked()
        let status = try await reference(site)
        #expect(status.state == .finished)
        #expect(status.exports.map(\.part) == [.pretrained, .fineTuned])
        #expect(status.stages.map(\.name) == ["layer 1", "layer 2", "fine-tuning", "evaluation"])
        #expect(status.stages.allSatisfy { $0.state == .finished })
        #expect(status.stages[0].history.map(\.round) == [0, 1, 2])
        #expect(status.stages[0].history.map { $0.metrics["heldOutError"] } == [8, 4, 8.0 / 3])
        #expect(status.results.map(\.samples).suffix(4) == [60, 60, 60, 60])
        #expect(status.results.map(\.labels).suffix(4) == [6, 6, 6, 6])
        // Nothing is kept but the layers' weights, the exports, and what pictures are drawn from: held-out and test
        // samples, and the latter's labels.
        #expect(try site.blobs(state: "reference").count == 7)
        #expect(try site.blobs(state: "reference").isSuperset(of: status.exports.map(\.digest)))
    }

    /// Layers stand on frozen ones.
    @Test func startedAgainAfterEveryFactItGivesTheSameExports() async throws {
        let site = try Site.stacked()
        let expected = try await reference(site)
        let run = try await site.coordinator().submit(site.submission).id
        var (status, lives) = (try await site.life(of: run), 1)
        while !status.state.isFinal {
            status = try await site.life(of: run)
            lives += 1
        }
        #expect(status.exports == expected.exports)
        #expect(status.planHash == expected.planHash)
        #expect(status.results == expected.results)
        // At least one life for each answer and each step between them.
        #expect(lives > 30)
        #expect(try site.blobs().count == 7)
    }
}
