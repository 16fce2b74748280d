package import RunProtocol

/// What has been drawn of runs, so that it is drawn once however many look at it, and one after the other: runs matter
/// more.
package actor Gallery {
    /// What a picture shows: whoever asks for the same gets the same.
    package struct Subject: Hashable, Sendable {
        package enum Kind: Hashable, Sendable {
            case filters, reconstructions, codes, mistakes
        }

        package var run: RunID
        package var kind: Kind
        /// The autoencoder's stage; of mistakes the one that tested the classifier.
        package var stage: Int
        /// Of the stage, or the classifier.
        package var weights: Digest

        package init(run: RunID, kind: Kind, stage: Int, weights: Digest) {
            self.run = run
            self.kind = kind
            self.stage = stage
            self.weights = weights
        }
    }

    package enum Exhibit: Hashable, Sendable {
        case picture([UInt8])
        case map(CodeMap)
        /// With the PNG where there is one.
        case mistakes(Mistakes, [UInt8]?)
    }

    package static let mostExhibits = 16
    package static let mostWaiting = 16

    /// What was asked for last stands last.
    private var exhibits: [(subject: Subject, exhibit: Exhibit)] = []
    private var inProgress: [Subject: Task<Exhibit, any Error>] = [:]
    private var last: Task<Exhibit, any Error>?

    package init() {}

    /// What is there of a subject, or what comes of `draw`.
    ///
    /// - Parameter draw: is called on a thread of its own, when all that was asked for before is done.
    /// - Throws: what `draw` throws; `APIError` `.tooManyRequests` whenever too many wait already.
    package func exhibit(_ subject: Subject, draw: @escaping @Sendable () throws -> Exhibit) async throws -> Exhibit {
        if let place = exhibits.firstIndex(where: { $0.subject == subject }) {
            exhibits.append(exhibits.remove(at: place))
            return exhibits[exhibits.count - 1].exhibit
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
        let exhibit = try await task.value
        exhibits.append((subject, exhibit))
        exhibits = exhibits.suffix(Self.mostExhibits)
        return exhibit
    }
}
