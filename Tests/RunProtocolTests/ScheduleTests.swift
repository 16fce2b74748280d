import Foundation
import RunProtocol
import Testing

@Suite struct ScheduleTests {
    @Test func aConstantRateStaysOne() {
        #expect(
            stride(from: 0, through: 1, by: 0.1).allSatisfy { LearningRateSchedule.constant.factor(progress: $0) == 1 })
    }

    @Test func theRateRisesAndFallsInStraightLines() {
        let schedule = LearningRateSchedule(warmUp: 0.25, decay: .linear, decayStart: 0.5)
        let factors = [0, 0.125, 0.25, 0.5, 0.75, 1].map { schedule.factor(progress: $0) }
        #expect(factors == [0, 0.5, 1, 1, 0.5, 0])
    }

    @Test(arguments: [0, 0.2, 0.9]) func theCosineIsThatOfTheLibrary(start: Double) {
        let schedule = LearningRateSchedule(decay: .cosine, decayStart: start)
        for progress in stride(from: 0, through: 1, by: 0.01) {
            let done = max(0, (progress - start) / (1 - start))
            #expect(abs(schedule.factor(progress: progress) - (1 + cos(Double.pi * done)) / 2) < 1e-10)
        }
    }

    @Test func aRateThatOnlyRisesIsDefinedEverywhere() {
        let schedule = LearningRateSchedule(warmUp: 1, decay: .cosine, decayStart: 1)
        #expect(schedule.factor(progress: 0.5) == 0.5 && schedule.factor(progress: 1) == 1)
    }
}
