import Coordination
import CoordinatorRuntime
import Foundation
import Kinds
import RunProtocol
import TestSite
import Testing

/// What is said of data and results, as a function of the events.
@Suite(.timeLimit(.minutes(3))) struct RemarksTests {
    private static let digest = Digest(of: [1])

    private static func manifest(shard: Int = 100_000, size: Int = 4, deviations: [Double]? = nil) -> StackedManifest {
        let samples = SampleSet(digest: digest, count: shard, size: size, divisor: 1)
        var manifest = StackedManifest(planHash: digest, inputSize: size, shards: [samples], heldOut: samples)
        manifest.features = deviations.map { FeatureSurvey(deviations: $0) }
        return manifest
    }

    private static func plan(
        rounds: Int = 2, epochs: Int = 1, batch: Int = 8, loss: ReconstructionLoss = .meanSquaredError, l1: Double = 0,
        stopping: EarlyStopping? = nil
    ) -> StackedPlan {
        let stage = StageSettings(
            rounds: rounds, replicas: 1, localEpochs: epochs, batchSize: batch, loss: loss, outputActivation: .linear,
            corruption: .none, l1: l1, decoder: .free, optimizer: .sgd(learningRate: 0.5, momentum: 0),
            schedule: .constant, outer: .mean, earlyStopping: stopping)
        return StackedPlan(
            name: "p", seed: 1, data: DataPlan(unlabeled: SampleSource(path: "u"), heldOut: 1, shards: 1),
            layers: [LayerSpec(units: 2, activation: .relu)], stages: [stage], fineTuning: nil)
    }

    // MARK: Data

    /// Shard, batch size, rounds, epochs; the steps, where they are few.
    @Test(arguments: [
        (16, 8, 2, 1, "4 steps in all (2 rounds x 2 batches)"), (17, 8, 2, 1, "6 steps in all (2 rounds x 3 batches)"),
        (8, 8, 1, 1, "1 step in all (1 round x 1 batch)"),
        (80, 8, 3, 3, "90 steps in all (3 rounds x 10 batches x 3 local epochs)"),
        (99 * 8, 8, 1, 1, "99 steps in all"), (100 * 8, 8, 1, 1, nil), (8, 8, 100, 1, nil), (8, 8, 10, 10, nil),
    ]) func fewStepsAreCounted(shard: Int, batch: Int, rounds: Int, epochs: Int, expected: String?) {
        let remarks = Self.manifest(shard: shard).remarks(
            for: Self.plan(rounds: rounds, epochs: epochs, batch: batch))
        #expect(remarks.map(\.kind) == (expected == nil ? [] : [.fewSteps]))
        if let expected { #expect(remarks.first?.text.contains(expected) == true, "\(remarks)") }
    }

    @Test func stagesWithTheSameFewStepsHaveOneRemark() {
        var plan = Self.plan()
        plan.layers += plan.layers
        plan.stages += plan.stages
        let text = Self.manifest(shard: 16).remarks(for: plan).map(\.text).joined(separator: "\n")
        #expect(text.hasPrefix("layer 1, layer 2 each take 4 steps in all (2 rounds x 2 batches)"), "\(text)")
        #expect(!text.contains("\n"))
    }

    @Test func constantFeaturesAreNamed() {
        var manifest = Self.manifest(size: 6, deviations: [1, 0, 0, 2, 0, 0])
        #expect(
            manifest.remarks(for: Self.plan()).map(\.text) == [
                "4 of 6 features are the same in every unlabeled sample (feature 2, feature 3, feature 5 and 1 more):"
                    + " there is nothing to learn in them; leave them out"
            ])
        manifest.columns = ["a", "b\u{1B}[2J", "c", "d", "e", "f"]
        let text = manifest.remarks(for: Self.plan()).first?.text ?? ""
        #expect(text.contains("(column 'b"))
        #expect(!text.contains("\u{1B}"))
    }

    @Test(arguments: [
        ([1, 99, 0.99], ReconstructionLoss.meanSquaredError, false), ([1, 101], .meanSquaredError, true),
        ([0, 1, 100], .meanSquaredError, false), ([0, 5], .meanSquaredError, false),
        ([1, 1000], .binaryCrossEntropy, false),
    ]) func scalesThatDifferByOrdersOfMagnitudeAreSaid(
        deviations: [Double], loss: ReconstructionLoss, isSaid: Bool
    ) {
        let remarks = Self.manifest(size: deviations.count, deviations: deviations).remarks(
            for: Self.plan(loss: loss))
        #expect(remarks.contains { $0.kind == .featureScales } == isSaid, "\(remarks)")
    }

    // MARK: Stages

    /// Errors round by round from round 0, and that of predicting the mean.
    private static func history(_ errors: [Double], mean: Double?, dead: Int? = nil) -> [RoundRecord] {
        errors.enumerated().map { round, error in
            var record = RoundRecord(round: round, metrics: ["heldOutError": error])
            record.metrics["meanError"] = mean
            record.metrics["deadUnits"] = dead.map(Double.init)
            return record
        }
    }

    /// Errors round by round, the mean's, dead units of two; what is said.
    @Test(
        arguments: [
            ([5, 1], 2, 0, nil), ([5, 1.89], 2, 0, nil), ([5, 1.9], 2, 0, .hardlyBetterThanMean),
            ([5, 2], 2, 0, .worseThanMean), ([5, 3], 2, 1, .worseThanMean), ([5, 3], 2, 2, .deadUnits),
            ([5, 1], 2, 2, .deadUnits), ([5, 3], nil, 0, nil), ([5, 3], nil, 2, .deadUnits),
            ([5, 3], 0, 0, .worseThanMean), ([5, 0], 0, 0, .worseThanMean),
            ([1, 3], 2, 0, .worseThanMean), ([], 2, 0, nil),
        ] as [([Double], Double?, Int, Remark.Kind?)])
    func aStageIsComparedWithPredictingTheMean(errors: [Double], mean: Double?, dead: Int, expected: Remark.Kind?) {
        let plan = Self.plan()
        var status = StageStatus(name: "layer 1", state: .finished, round: 2, rounds: 2, tasksDone: 0, tasks: 0)
        status.history = Self.history(errors, mean: mean, dead: dead)
        let remarks = plan.autoencoderStages[0].remarks(on: status, of: plan, Self.manifest())
        #expect(remarks.map(\.kind) == [expected].compactMap(\.self))
    }

    /// Dead units of 500.
    @Test(arguments: [(308, true), (251, true), (250, false), (0, false)])
    func manyDeadUnitsAreSaidWithWhatToTry(dead: Int, isSaid: Bool) throws {
        var plan = Self.plan(l1: 0.25)
        plan.layers[0].units = 500
        var status = StageStatus(name: "layer 1", state: .finished, round: 2, rounds: 2, tasksDone: 0, tasks: 0)
        status.history = Self.history([1], mean: 4, dead: dead)
        let remarks = plan.autoencoderStages[0].remarks(on: status, of: plan, Self.manifest())
        #expect(remarks.map(\.kind) == (isSaid ? [.deadUnits] : []))
        guard isSaid else { return }
        let text = try #require(remarks.first?.text)
        #expect(text.contains("\(dead) of 500 units are dead") && text.contains("revive_dead_units: true"), "\(text)")
        #expect(text.contains("an l1 below 0.25"), "\(text)")
    }

    /// Errors round by round from round 0; from which round on they are said to have hardly fallen.
    @Test(
        arguments: [
            ([9, 5, 3, 2, 2, 2, 2, 2, 2, 2, 2], 3), ([9, 5, 3, 2, 1.999, 1.998, 2, 1.999, 2, 1.995, 1.999], 3),
            ([9, 8, 7, 6, 5, 4, 3, 2.5, 2.3, 2.2, 2.1], nil), ([9, 5, 2, 2, 2, 2], nil),
            ([9, 5, 3, 2, 2, 2, 2, 2, 2, 2, 1.9], nil),
        ] as [([Double], Int?)])
    func aPlateauIsSaid(errors: [Double], since: Int?) {
        for stopping in [nil, EarlyStopping(patience: 50, minimumImprovement: 0)] {
            let plan = Self.plan(rounds: errors.count - 1, stopping: stopping)
            var status = StageStatus(name: "layer 1", state: .finished, round: 9, rounds: 9, tasksDone: 0, tasks: 0)
            status.history = Self.history(errors, mean: 10)
            let remarks = plan.autoencoderStages[0].remarks(on: status, of: plan, Self.manifest())
            guard let since, stopping == nil else {
                #expect(remarks == [])
                continue
            }
            #expect(remarks.map(\.kind) == [.plateau])
            #expect(remarks.first?.text.contains("since round \(since) of \(errors.count - 1)") == true, "\(remarks)")
        }
    }

    /// The last losses of pretrained classifiers for ten classes.
    @Test(arguments: [([2.29, 2.31], true), ([2.4], true), ([2.29, 0.5], false), ([0.01], false), ([], false)])
    func aLossNearChanceIsSaid(losses: [Double], isSaid: Bool) throws {
        var manifest = Self.manifest()
        manifest.classes = 10
        manifest.draws = losses.map { _ in LabeledBlobs(samples: manifest.heldOut, labels: Self.digest) }
        let results = losses.map { loss in
            TaskFigures(samples: 10, metrics: ["loss": loss], series: ["epochLosses": [2.5, loss]])
        }
        let settings = FineTuningSettings(
            epochs: 7, batchSize: 1, optimizer: .sgd(learningRate: 0.5, momentum: 0), encoderLearningRate: 0,
            dropout: 0, inputDropout: 0, weightDecay: 0, compareFromScratch: false)
        let remarks = manifest.remarks(onFineTunings: results, of: settings)
        #expect(remarks.map(\.kind) == (isSaid ? [.lossNearChance] : []))
        if isSaid { #expect(remarks.first?.text.contains("more than 7 epochs") == true, "\(remarks)") }
    }

    @Test func causesFollowFromTheEvents() throws {
        let plan = Self.plan(l1: 0.25)
        var status = StageStatus(name: "layer 1", state: .finished, round: 2, rounds: 2, tasksDone: 0, tasks: 0)
        status.history = Self.history([7, 12.34], mean: 4.5)
        let manifest = Self.manifest(shard: 16, deviations: [1, 1, 1, 5_000])
        let text = try #require(plan.autoencoderStages[0].remarks(on: status, of: plan, manifest).first?.text)
        #expect(
            text.hasPrefix(
                "the held-out error of layer 1, 12.34, is worse than that of predicting each feature's mean, 4.5: the result"
                    + " is of no use; likely causes: "))
        for cause in ["feature 4 is 5000", "only 4 steps", "the error rose from 7", "learning_rate: 0.5", "l1: 0.25"] {
            #expect(text.contains(cause), "\(text)")
        }
    }

    /// Early stopping keeps the best weights, not the last.
    @Test func theKeptWeightsCount() {
        let plan = Self.plan(stopping: EarlyStopping(patience: 1, minimumImprovement: 0))
        var status = StageStatus(name: "layer 1", state: .finished, round: 2, rounds: 2, tasksDone: 0, tasks: 0)
        status.history = Self.history([1, 9], mean: 4)
        #expect(plan.autoencoderStages[0].remarks(on: status, of: plan, Self.manifest()) == [])
    }

    // MARK: Tests

    private func remarks(_ matrices: [[[Int]]], trials: Int) throws -> [Remark] {
        var manifest = Self.manifest()
        let blobs = LabeledBlobs(samples: manifest.heldOut, labels: Self.digest)
        manifest.draws = (0..<trials).map { _ in blobs }
        manifest.classNames = ["cat", "dog"]
        manifest.classes = 2
        return manifest.remarks(
            onTests: matrices.map { TaskFigures(samples: 10, tables: ["confusion": $0]) }, pretrained: trials)
    }

    @Test func alwaysTheMostFrequentClassIsNoBetter() throws {
        let text = try #require(try remarks([[[0, 2], [0, 8]]], trials: 1).first?.text)
        #expect(
            text
                == "the pretrained classifiers' test error, 20.0 %, is no better than that of always predicting the most"
                + " frequent class, dog: 20.0 %; try class_weights: balanced, more labels or epochs, and look whether"
                + " labels and samples belong together")
        #expect(try remarks([[[1, 1], [0, 8]]], trials: 1) == [])
        #expect(try remarks([[[0, 0], [0, 8]]], trials: 1) == [])
        // The mean over trials counts.
        #expect(try remarks([[[0, 2], [0, 8]], [[2, 0], [0, 8]]], trials: 2) == [])
    }

    @Test func fromScratchIsBetterOnlyWhereEachOfThreeTrialsSaysSo() throws {
        let (good, fair): ([[Int]], [[Int]]) = ([[5, 0], [0, 5]], [[4, 1], [0, 5]])
        #expect(try remarks([fair, fair, fair, good, good, good], trials: 3).map(\.kind) == [.scratchIsBetter])
        #expect(try remarks([fair, fair, fair, good, good, fair], trials: 3) == [])
        #expect(try remarks([fair, fair, good, good], trials: 2) == [])
        #expect(try remarks([fair, fair, fair], trials: 3) == [])
    }

    // MARK: Runs

    /// In the status and the events, each once and in the same order, also after a restart.
    @Test func eachIsToldOnceAndAgainAfterARestart() async throws {
        let site = try Site.stacked()
        let (run, told) = try await site.living { coordinator in
            let status = try await coordinator.finish(coordinator.submit(site.submission).id)
            return (status.id, status.remarks)
        }
        let remarks = try #require(told)
        #expect(remarks.map(\.kind).contains(.fewSteps))
        #expect(Set(remarks).count == remarks.count)
        try await site.living { coordinator in
            #expect(try await coordinator.status(of: run, after: nil, waitSeconds: 0).remarks == remarks)
            #expect(try await coordinator.runs().runs.first?.remarks == remarks)
            let entries = try await coordinator.journal(of: run, after: 0).entries
            #expect(entries.filter { $0.text == "remark" }.map(\.reason) == remarks.map(\.text))
        }
    }

    @Test func aShardThatIsNotReadIsKnownAtOnce() async throws {
        let site = try Site.stacked()
        try await site.living { coordinator in
            let plan = site.plan.replacingOccurrences(of: "shards: 3", with: "shards: 9")
            let status = try await coordinator.submit(RunSubmission(plan: plan, folder: site.folder.path))
            #expect(status.remarks?.map(\.kind) == [.unreadShards])
            let entries = try await coordinator.journal(of: status.id, after: 0).entries
            #expect(entries.contains { $0.text == "remark" && $0.reason.contains("5 of 9 shards") })
        }
    }
}
