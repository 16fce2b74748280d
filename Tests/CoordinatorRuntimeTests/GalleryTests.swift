import CoordinatorRuntime
import Foundation
import PlanFile
import RunProtocol
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(3))) struct GalleryTests {
    private func subject(_ stage: Int) throws -> Gallery.Subject {
        let run = try #require(RunID(rawValue: "run-00000000"))
        return Gallery.Subject(
            run: run, view: "filters", of: ViewSubject(stage: stage, weights: Digest(of: Data())))
    }

    private final class Studio: Sendable {
        let drawn = Mutex<[Int]>([])
        let atWork = Mutex((now: 0, most: 0))

        func draw(_ number: Int, as drawing: Drawing) -> Drawing {
            atWork.withLock { $0 = ($0.now + 1, max($0.most, $0.now + 1)) }
            usleep(1_000)
            drawn.withLock { $0.append(number) }
            atWork.withLock { $0.now -= 1 }
            return drawing
        }
    }

    @Test func whatManyAskForIsDrawnOnceAndOneAfterTheOther() async throws {
        let (gallery, studio) = (Gallery(), Studio())
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<40 {
                let subject = try subject(number % 4)
                group.addTask {
                    let expected = Drawing.picture([UInt8(number % 4)])
                    let found = try await gallery.drawing(subject) { studio.draw(number % 4, as: expected) }
                    #expect(found == expected)
                }
            }
            try await group.waitForAll()
        }
        #expect(studio.drawn.withLock { $0.sorted() } == [0, 1, 2, 3])
        #expect(studio.atWork.withLock { $0.most } == 1)
    }

    @Test func theOldestAreForgotten() async throws {
        let (gallery, studio) = (Gallery(), Studio())
        func look(_ number: Int) async throws {
            _ = try await gallery.drawing(subject(number)) { studio.draw(number, as: .picture([])) }
        }
        for number in 0..<Gallery.mostDrawings { try await look(number) }
        // The first is looked at again, so the second is the oldest.
        for number in [0, Gallery.mostDrawings, 0, 1] { try await look(number) }
        #expect(studio.drawn.withLock { $0 } == Array(0...Gallery.mostDrawings) + [1])
    }

    @Test func whatFailsIsTriedAgain() async throws {
        struct Failure: Error {}
        let gallery = Gallery()
        await #expect(throws: Failure.self) { try await gallery.drawing(subject(0)) { throw Failure() } }
        #expect(try await gallery.drawing(subject(0)) { .picture([1]) } == .picture([1]))
    }

    @Test func onlySoManyWait() async throws {
        let (gallery, refused) = (Gallery(), Studio())
        try await withThrowingTaskGroup(of: Void.self) { group in
            let gate = DispatchSemaphore(value: 0)
            for number in 0...Gallery.mostWaiting {
                let subject = try subject(number)
                group.addTask {
                    do {
                        _ = try await gallery.drawing(subject) {
                            gate.wait()
                            return .picture([])
                        }
                    } catch let error as APIError where error.code == .tooManyRequests {
                        refused.drawn.withLock { $0.append(number) }
                        // All others are waiting by now.
                        for _ in 0..<Gallery.mostWaiting { gate.signal() }
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(refused.drawn.withLock { $0.count } == 1)
    }
}
