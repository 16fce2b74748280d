package import PlanFile
package import RunProtocol

/// What has been drawn of runs, so that it is drawn once however many look at it, and one after the other: runs matter
/// more.
package actor Gallery {
    /// What a picture shows: whoever asks for the same gets the same.
    package struct Subject: Hashable, Sendable {
        package var run: RunID
        package var view: String
        package var subject: ViewSubject

        package init(run: RunID, view: String, of subject: ViewSubject) {
            (self.run, self.view, self.subject) = (run, view, subject)
        }
    }

    package static let mostDrawings = 16
    package static let mostWaiting = 16

    /// What was asked for last stands last.
    private var drawings: [(subject: Subject, drawing: Drawing)] = []
    private var inProgress: [Subject: Task<Drawing, any Error>] = [:]
    private var last: Task<Drawing, any Error>?

    package init() {}

    /// What is there of a subject, or what comes of `draw`.
    /// - Parameter draw: is called on a thread of its own, when all that was asked for before is done.
    /// - Throws: what `draw` throws; `APIError` `.tooManyRequests` whenever too many wait already.
    package func drawing(
        _ subject: Subject, draw: @escaping @Sendable () throws -> Drawing
    ) async throws -> Drawing {
        if let place = drawings.firstIndex(where: { $0.subject == subject }) {
            drawings.append(drawings.remove(at: place))
            return drawings[drawings.count - 1].drawing
        }
        if let task = inProgress[subject] { return try await task.value }
        guard inProgress.count < Self.mostWaiting else {
            throw APIError(.tooManyRequests, "too many pictures are being drawn", hint: "ask again in a few seconds")
        }
        let before = last
        // Others may wait for it too, so it goes on when whoever asked first does so no more.
        let task = Task {
            _ = await before?.result
            return try await onThreadOfItsOwn(draw)
        }
        (last, inProgress[subject]) = (task, task)
        defer { inProgress[subject] = nil }
        let drawing = try await task.value
        drawings.append((subject, drawing))
        drawings = drawings.suffix(Self.mostDrawings)
        return drawing
    }
}
