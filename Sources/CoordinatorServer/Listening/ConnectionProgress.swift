/// How far the requests of one connection are, and until when the next thing has to happen. Times are in seconds.
///
/// What is answered before its body was read in full is the last answer: the rest of the body is not swallowed for ever.
/// Then the connection lingers: the answer's end is sent, and for a moment what still comes in is thrown away, since a
/// connection that is cut with bytes on their way takes the answer with it.
package struct ConnectionProgress: Sendable {
    /// What to do when a deadline may be over.
    package enum Action: Hashable, Sendable {
        case wait
        /// Hang up.
        case close(ServerLimit?)
        /// Answer 408, since no whole head came.
        case refuse(ServerLimit)
        /// Let the reader of the body know that it is not waited for any longer.
        case fail(ServerLimit)
    }

    private enum Reading {
        /// A head is awaited, until a time that counts from there on; between requests from its first byte on.
        case head(since: Double?, hasBytes: Bool)
        case body(since: Double, bytes: Int, isUpdate: Bool)
        /// Nothing is waited for any more.
        case over
    }

    private let limits: ServerLimits
    private var reading: Reading
    private var heads = 0
    private var wholeRequests = 0
    private var answers = 0
    /// Since when an answer is held up, and how many bytes of it the network had not taken then.
    private var heldUp: (since: Double, bytes: Int)?
    private var lingering: (since: Double, bytes: Int)?
    /// Whether the answer in progress is the last.
    private var isLast = false

    /// A connection was opened.
    package init(_ limits: ServerLimits, at now: Double) {
        self.limits = limits
        reading = .head(since: now, hasBytes: false)
    }

    package var isLingering: Bool { lingering != nil }
    private var isAnswering: Bool { heads > answers }

    // MARK: What comes in

    /// - Returns: false where the bytes are not wanted, since the last answer was sent; nil where there were too many.
    package mutating func received(_ bytes: Int, at now: Double) -> Bool? {
        if let (since, earlier) = lingering {
            lingering = (since, earlier + bytes)
            return earlier + bytes <= limits.lingerBytes ? false : nil
        }
        switch reading {
        case .head(let since, _): reading = .head(since: since ?? now, hasBytes: true)
        case .body(let since, let earlier, let isUpdate):
            reading = .body(since: since, bytes: earlier + bytes, isUpdate: isUpdate)
        case .over: break
        }
        return true
    }

    package mutating func receivedHead(isUpdate: Bool, isLast: Bool, at now: Double) {
        heads += 1
        reading = .body(since: now, bytes: 0, isUpdate: isUpdate)
        if isLast { self.isLast = true }
    }

    package mutating func receivedEnd() {
        wholeRequests += 1
        reading = .head(since: nil, hasBytes: false)
    }

    // MARK: What goes out

    /// - Parameter isLast: whether the answer says so itself.
    /// - Returns: whether the connection is closed after this answer.
    package mutating func answerBegan(isLast: Bool) -> Bool {
        if isLast || wholeRequests <= answers { self.isLast = true }
        return self.isLast
    }

    /// The last part of an answer is on its way.
    package mutating func answerEnded(at now: Double) {
        answers += 1
        // What came meanwhile of the next head counts from now on.
        if case .head(_?, let hasBytes) = reading { reading = .head(since: now, hasBytes: hasBytes) }
    }

    /// - Parameter bytes: of answers that the network has not taken.
    package mutating func answerHeldUp(bytes: Int, at now: Double) { if heldUp == nil { heldUp = (now, bytes) } }

    /// The network has taken some of the bytes.
    package mutating func answerMoved(bytes: Int, at now: Double) { heldUp = bytes > 0 ? (now, bytes) : nil }

    /// The network has taken an answer to its end.
    /// - Returns: whether the connection lingers from now on.
    package mutating func answerTaken(at now: Double) -> Bool {
        heldUp = nil
        guard isLast, answers >= heads, answers > 0, lingering == nil else { return false }
        lingering = (now, 0)
        return true
    }

    // MARK: Deadlines

    /// When to ask `timePassed` next; nil where nothing is waited for.
    package var deadline: Double? {
        if let lingering { return lingering.since + limits.lingerSeconds }
        guard let answer = heldUp.map({ $0.since + limits.answerSeconds }) else { return readDeadline }
        return min(answer, readDeadline ?? answer)
    }

    private var readDeadline: Double? {
        switch reading {
        case .head(let since?, _) where !isAnswering: since + limits.headSeconds
        case .body(let since, let bytes, true):
            since + limits.updateSeconds + Double(bytes) / limits.updateBytesPerSecond
        case .body(let since, _, false): since + limits.messageSeconds
        case .head, .over: nil
        }
    }

    /// - Parameter unsentBytes: of answers that the network has not taken.
    package mutating func timePassed(at now: Double, unsentBytes: Int) -> Action {
        guard let deadline, now >= deadline else { return .wait }
        if lingering != nil { return .close(nil) }
        if let heldUp, now >= heldUp.since + limits.answerSeconds {
            guard unsentBytes < heldUp.bytes else { return .close(.answer) }
            self.heldUp = (now, unsentBytes)
            return .wait
        }
        defer { reading = .over }
        switch reading {
        case .head(_, let hasBytes): return hasBytes ? .refuse(.requestHead) : .close(nil)
        case .body(_, _, let isUpdate): return .fail(isUpdate ? .update : .message)
        case .over: return .wait
        }
    }
}
