import Coordination
import CoordinatorRuntime
import Foundation
import Kinds
import RunProtocol
import TestSite
import Testing

/// What a run has learnt, drawn while it goes on and after its end.
@Suite(.timeLimit(.minutes(3))) struct PicturesOfRunsTests {
    /// Pictures of 2 x 2 pixels.
    private func pictures() throws -> Site {
        let site = try Site.stacked()
        let pixels = (0..<240).map { UInt8(truncatingIfNeeded: $0 * 37) }
        try site.write("samples.idx", Site.idx(shape: [60, 2, 2], pixels))
        return site
    }

    private func isPNG(_ bytes: [UInt8]) -> Bool { bytes.starts(with: [0x89, 0x50, 0x4E, 0x47]) }

    private func code(_ body: () async throws -> Void) async -> APIError.Code? {
        do {
            try await body()
            return nil
        } catch {
            return (error as? APIError)?.code
        }
    }

    @Test func thereIsNothingToDrawBeforeTheFirstRoundHasClosed() async throws {
        let site = try pictures()
        try await site.living { coordinator in
            let run = try await coordinator.submit(site.submission).id
            #expect(await code { _ = try await coordinator.codeMap(of: run) } == .conflict)
            _ = try #require(try await coordinator.task(for: coordinator.join()))
            for kind in ["filters", "reconstructions", "mistakes"] {
                #expect(await code { _ = try await coordinator.picture(kind, stage: nil, of: run) } == .conflict)
                #expect(await code { _ = try await coordinator.picture(kind, stage: 0, of: run) } == .conflict)
            }
            #expect(await code { _ = try await coordinator.codeMap(of: run) } == .conflict)
            #expect(await code { _ = try await coordinator.mistakes(of: run) } == .conflict)
            #expect(try await coordinator.live(of: run, after: nil, waitSeconds: 0).run?.pictures == nil)
        }
    }

    @Test func whatIsNotThereIsNotFound() async throws {
        let site = try pictures()
        try await site.living { coordinator in
            let run = try await coordinator.submit(site.submission).id
            let stranger = try #require(RunID(rawValue: "run-ffffffff"))
            #expect(await code { _ = try await coordinator.codeMap(of: stranger) } == .notFound)
            #expect(await code { _ = try await coordinator.mistakes(of: stranger) } == .notFound)
            // Before the data are known it is not known what there will be.
            try await coordinator.advance(run) { $0.stage == 0 }
            #expect(await pictureCode("songs", stage: nil, of: run, coordinator) == .notFound)
            // The third and fourth stages train no autoencoder.
            for stage in [-1, 2, 3, 4, .max, .min] {
                #expect(await pictureCode("filters", stage: stage, of: run, coordinator) == .notFound)
            }
        }
    }

    private func pictureCode(
        _ name: String, stage: Int?, of run: RunID, _ coordinator: Coordinator
    ) async -> APIError.Code? {
        await code { _ = try await coordinator.picture(name, stage: stage, of: run) }
    }

    @Test func aRunIsDrawnWhileItGoesOn() async throws {
        let site = try pictures()
        try await site.living { coordinator in
            let run = try await coordinator.submit(site.submission).id
            try await coordinator.advance(run) { $0.stage == 0 && $0.round > 1 }
            let filters = try await coordinator.picture("filters", stage: nil, of: run)
            #expect(isPNG(filters))
            #expect(try await coordinator.picture("filters", stage: 0, of: run) == filters)
            #expect(isPNG(try await coordinator.picture("reconstructions", stage: nil, of: run)))
            let map = try await coordinator.codeMap(of: run)
            #expect(map.stage == 0 && map.points.count == 60)
            #expect(map.points.map(\.label) == (0..<60).map { $0 % 3 })
            #expect(map.points.contains { $0.x != 0 } && map.variance.allSatisfy { (0...1).contains($0) })
            #expect(await code { _ = try await coordinator.picture("filters", stage: 1, of: run) } == .conflict)
            #expect(await code { _ = try await coordinator.mistakes(of: run) } == .conflict)
            let key = try await coordinator.live(of: run, after: nil, waitSeconds: 0).run?.pictures
            #expect(key != nil)

            try await coordinator.advance(run) { $0.stage == 1 && $0.round > 1 }
            #expect(try await coordinator.codeMap(of: run).stage == 1)
            // The first layer has learnt more since then.
            #expect(try await coordinator.picture("filters", stage: 0, of: run) != filters)
            #expect(isPNG(try await coordinator.picture("filters", stage: 1, of: run)))
            #expect(try await coordinator.live(of: run, after: nil, waitSeconds: 0).run?.pictures != key)
        }
    }

    @Test func aFinishedRunIsDrawnAlsoAfterARestart() async throws {
        let site = try pictures()
        let (run, filters, reconstructions, map, mistakes) = try await site.living { coordinator in
            let run = try await coordinator.submit(site.submission).id
            #expect(try await coordinator.finish(run).state == .finished)
            return try await (
                run, coordinator.picture("filters", stage: nil, of: run),
                coordinator.picture("reconstructions", stage: 0, of: run), coordinator.codeMap(of: run),
                coordinator.mistakes(of: run)
            )
        }
        #expect(isPNG(filters) && isPNG(reconstructions) && map.stage == 1)
        #expect(mistakes.hasPicture && (1...24).contains(mistakes.mistakes.count))
        #expect(mistakes.mistakes.allSatisfy { $0.label == $0.sample % 3 && $0.answer != $0.label })
        let confidences = mistakes.mistakes.map(\.confidence)
        #expect(confidences == confidences.sorted(by: >) && confidences.allSatisfy { $0 > 1.0 / 3 && $0 <= 1 })
        try await site.living { coordinator in
            let (again, below) = (
                try await coordinator.picture("filters", stage: 1, of: run),
                try await coordinator.picture("reconstructions", stage: 0, of: run)
            )
            #expect(again == filters && below == reconstructions)
            let (codes, wrong) = (try await coordinator.codeMap(of: run), try await coordinator.mistakes(of: run))
            #expect(codes == map && wrong == mistakes)
            let picture = try await coordinator.picture("mistakes", stage: nil, of: run)
            #expect(isPNG(picture))
        }
    }

    @Test func theClassifierIsTheSameBeforeAndAfterItsExport() async throws {
        let site = try pictures()
        let run = try await site.living { coordinator in
            let run = try await coordinator.submit(site.submission).id
            try await coordinator.advance(run) { $0.stage == 3 }
            return run
        }
        // No step is performed without `run()`, so what is answered last leads to no export.
        let coordinator = try await site.coordinator()
        let worker = try await coordinator.join()
        while let task = try await coordinator.task(for: worker, within: 0) {
            _ = try await coordinator.answer(task, as: worker)
        }
        let before = try await coordinator.mistakes(of: run)
        let key = try await coordinator.live(of: run, after: nil, waitSeconds: 0).run?.pictures
        #expect(await code { _ = try await coordinator.export(.fineTuned, of: run) } == .conflict)
        let life = Task { try await coordinator.run() }
        while try await coordinator.status(of: run, after: nil, waitSeconds: 0).state != .finished {
            try await Task.sleep(for: .milliseconds(5))
        }
        #expect(try await coordinator.mistakes(of: run) == before)
        #expect(key != nil)
        life.cancel()
        try await life.value
    }

    @Test func samplesThatAreNoPicturesHaveFiltersButNoPictureOfMistakes() async throws {
        let site = try Site.stacked()
        try await site.living { coordinator in
            let run = try await coordinator.submit(site.submission).id
            _ = try await coordinator.finish(run)
            #expect(isPNG(try await coordinator.picture("filters", stage: nil, of: run)))
            #expect(isPNG(try await coordinator.picture("reconstructions", stage: nil, of: run)))
            let mistakes = try await coordinator.mistakes(of: run)
            #expect(!mistakes.mistakes.isEmpty && !mistakes.hasPicture)
            #expect(await code { _ = try await coordinator.picture("mistakes", stage: nil, of: run) } == .conflict)
        }
    }

    @Test(arguments: ["codes", "samples"]) func aRunWithoutLabelsIsMappedWithoutThem(target: String) async throws {
        let site = try Site.stacked()
        let plan = """
            data: {unlabeled: samples.idx, held_out: 10, shards: 3}
            layers: [{units: 3}, {units: 2, target: \(target)}]
            pretraining: {rounds: 1, replicas: 1}
            joint_training: {rounds: 1}
            """
        try await site.living { coordinator in
            let run = try await coordinator.submit(RunSubmission(plan: plan, folder: site.folder.path)).id
            #expect(try await coordinator.finish(run).state == .finished)
            let map = try await coordinator.codeMap(of: run)
            // The stage of all layers together is the third.
            #expect(map.stage == 2 && map.points.count == 10 && map.points.allSatisfy { $0.label == nil })
            for stage in 0..<3 { #expect(isPNG(try await coordinator.picture("filters", stage: stage, of: run))) }
            #expect(isPNG(try await coordinator.picture("reconstructions", stage: 2, of: run)))
            #expect(await code { _ = try await coordinator.mistakes(of: run) } == .notFound)
        }
    }

    @Test func ofACancelledRunOnlyFiltersAreLeft() async throws {
        let site = try pictures()
        try await site.living { coordinator in
            let run = try await coordinator.submit(site.submission).id
            try await coordinator.advance(run) { $0.stage == 1 && $0.round > 1 }
            _ = try await coordinator.cancel(run)
            #expect(isPNG(try await coordinator.picture("filters", stage: nil, of: run)))
            #expect(await code { _ = try await coordinator.picture("filters", stage: 1, of: run) } == .conflict)
            let found = await code { _ = try await coordinator.picture("reconstructions", stage: nil, of: run) }
            #expect(found == .conflict)
            #expect(await code { _ = try await coordinator.codeMap(of: run) } == .conflict)
        }
    }

    @Test func whatIsGoneIsAConflict() async throws {
        let site = try pictures()
        try await site.living { coordinator in
            let run = try await coordinator.submit(site.submission).id
            _ = try await coordinator.finish(run)
            let root = site.folder.appending(path: "state/blobs")
            for blob in try site.blobs() {
                try FileManager.default.removeItem(at: root.appending(path: "\(blob.hex.prefix(2))/\(blob.hex)"))
            }
            #expect(await code { _ = try await coordinator.codeMap(of: run) } == .conflict)
            #expect(await code { _ = try await coordinator.mistakes(of: run) } == .conflict)
        }
    }
}

extension Coordinator {
    /// One worker answers until the run is as far as `isReached` says, by its stage and round.
    fileprivate func advance(_ run: RunID, until isReached: @Sendable (TaskID) -> Bool) async throws {
        let worker = try join()
        while let task = try await task(for: worker) {
            if isReached(task.id) { return }
            _ = try await answer(task, as: worker)
        }
    }
}
