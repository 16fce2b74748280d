package import RunProtocol

// What the user's commands ask for.
extension HTTPConnection {
    /// What the coordinator says of itself and its workers.
    package func information() throws -> CoordinatorInformation { try call(request(.get, "/v1/info")) }

    /// Hands a plan in; the run starts as soon as its data are cut.
    package func submit(_ submission: RunSubmission) throws -> RunStatus {
        try call(request(.post, "/v1/runs", submission))
    }

    /// All runs, newest first.
    package func runs() throws -> RunList { try call(request(.get, "/v1/runs")) }

    /// The run's status; where `after` is given, as soon as its revision is higher or `waitSeconds` are over.
    package func status(of run: RunID, after revision: Int? = nil, waitSeconds: Double = 0) throws -> RunStatus {
        guard let revision else { return try call(request(.get, "/v1/runs/\(run)")) }
        let seconds = Self.clamped(waitSeconds: waitSeconds)
        return try call(
            waiting(request(.get, "/v1/runs/\(run)?after=\(revision)&wait=\(seconds)"), seconds: seconds))
    }

    /// What happened to the run and why, after entry `number`: at most `Limits.journalEntries`, the oldest first.
    package func journal(of run: RunID, after number: Int = 0) throws -> RunJournal {
        try call(request(.get, "/v1/runs/\(run)/events?after=\(number)"))
    }

    /// Ends a run for good.
    package func cancel(_ run: RunID) throws -> RunStatus {
        try call(request(.post, "/v1/runs/\(run)/cancel"))
    }

    /// Blobs older than `seconds` that no run needs; deletes them where that is asked for.
    package func garbage(olderThan seconds: Double, delete: Bool = false) throws -> Garbage {
        try call(request(delete ? .delete : .get, "/v1/garbage?older=\(seconds)"))
    }

    /// Where the weights of a run are.
    /// - Throws: `APIError` `.conflict` whenever the run has not got that far.
    package func export(_ part: ExportDescription.Part, of run: RunID) throws -> ExportDescription {
        try call(request(.get, "/v1/runs/\(run)/exports/\(part.rawValue)"))
    }
}
