import Coordination
import DataFormats
import FoundationEssentials
import Logging
import PlanFile
package import RunProtocol
import RunStore

/// What people ask: runs are submitted, watched, cancelled, their results fetched.
extension Coordinator {
    package func information() -> CoordinatorInformation {
        CoordinatorInformation(version: version, workers: workerStatuses())
    }

    package func submit(_ submission: RunSubmission) throws -> RunStatus {
        try checkWorking()
        let plan: Plan
        do {
            plan = try PlanReader.read(submission.plan, kinds)
        } catch {
            throw APIError(
                .invalidPlan, "\(error)", hint: "`cairn plan check` finds mistakes before a plan is submitted")
        }
        return try submit(plan, text: submission.plan, folder: submission.folder ?? defaultFolder)
    }

    /// Takes a checked plan; or, where the same plan came from the same folder before and has not failed, gives that run:
    /// a coordinator that is started again with its plan goes on with it.
    /// - Parameter text: the plan's YAML.
    package func resume(_ plan: Plan, text: String, folder: String) throws -> RunStatus {
        let known = cluster.runs.last { run in
            guard run.plan == plan, entries[run.id]?.folder == folder else { return false }
            if case .failed = run.phase { return false }
            return run.phase != .cancelled
        }
        return try known.map { try status(of: $0.id) } ?? submit(plan, text: text, folder: folder)
    }

    private func submit(_ plan: Plan, text: String, folder: String) throws -> RunStatus {
        guard folder.hasPrefix("/") else {
            throw APIError(.badRequest, "the plan's folder is not an absolute path", hint: "send it with a leading /")
        }
        for path in try kinds.kind(of: plan).paths(of: plan) { _ = try performer.folders.locate(path, from: folder) }
        let earlier = try earlierRun(plan, text: text, folder: folder)
        let digits = String(UInt32.random(in: 0...UInt32.max), radix: 16)
        guard let id = RunID(rawValue: "run-" + String(repeating: "0", count: 8 - digits.count) + digits) else {
            throw APIError(.internal, "no name could be made for the run")
        }
        let time = Date().timeIntervalSince1970
        do {
            try store.add(id, plan: plan, text: text, folder: folder, at: time)
        } catch {
            throw APIError(.storageFull, "the run could not be written down: \(error)", hint: "make room and try again")
        }
        var entry = RunEntry(id, plan: plan, compiler: compiler, text: text, folder: folder, at: time)
        entry.journal.add(entry.history.remarks, at: time, change: nextChange())
        entries[id] = entry
        log(entry.history.remarks, of: id)
        carryOut(cluster.runSubmitted(id, plan: plan))
        if let earlier { note(.runStartedBeside(earlier.run), because: "\(earlier)", about: id) }
        var status = try status(of: id)
        status.earlier = earlier
        return status
    }

    /// The last run from a plan of the same folder and name.
    private func earlierRun(_ plan: Plan, text: String, folder: String) throws -> EarlierRun? {
        let isAlike = { (run: RunState) in run.plan.name == plan.name && self.entries[run.id]?.folder == folder }
        guard let earlier = cluster.runs.last(where: isAlike) else { return nil }
        let before = entries[earlier.id]?.planText ?? ""
        // Runs of an earlier version have no text.
        let differences = before.isEmpty ? [] : PlanReader.differences(from: before, to: text)
        return EarlierRun(run: earlier.id, state: try status(of: earlier.id).state, differences: differences)
    }

    /// Without their rounds and results.
    package func runs() throws -> RunList {
        RunList(runs: try cluster.runs.reversed().map { try status(of: $0.id).brief })
    }

    package func status(of run: RunID, after revision: Int?, waitSeconds: Double) async throws -> RunStatus {
        let deadline = Self.deadline(waitSeconds)
        while true {
            let rings = changed.rings
            let status = try status(of: run)
            guard let revision, status.revision <= revision, .now < deadline, mayWait else { return status }
            await changed.wait(after: rings, until: deadline)
        }
    }

    package func journal(of run: RunID, after number: Int) throws -> RunJournal {
        guard let journal = entries[run]?.journal else { throw unknown(run) }
        return journal.entries(after: number)
    }

    package func cancel(_ run: RunID) throws -> RunStatus {
        try checkWorking()
        guard let state = cluster.run(run) else { throw unknown(run) }
        guard !state.phase.isFinal else {
            throw APIError(.conflict, "run \(run) has ended already", hint: "`cairn status \(run)` says how")
        }
        carryOut(cluster.cancelRequested(run))
        return try status(of: run)
    }

    package func export(_ part: ExportDescription.Part, of run: RunID) throws -> ExportDescription {
        guard let state = cluster.run(run) else { throw unknown(run) }
        guard let export = state.exports.first(where: { $0.part == part }) else {
            throw state.phase == .finished
                ? APIError(
                    .notFound, "run \(run) has no export \(part.rawValue)",
                    hint: "it has \(state.exports.map(\.part.rawValue).joined(separator: ", "))")
                : .hasNotFinished(run)
        }
        return export
    }

    package nonisolated var uploadFolder: String { store.blobs.uploadFolder }

    package nonisolated func blob(_ digest: Digest) throws -> StoredBlob {
        guard let bytes = store.blobs.size(of: digest) else {
            throw APIError(.notFound, "there is no blob \(digest)", hint: "its task may be over")
        }
        return StoredBlob(digest: digest, path: store.blobs.path(of: digest), bytes: bytes)
    }

    func unknown(_ run: RunID) -> APIError {
        APIError(.notFound, "there is no run \(run)", hint: "`cairn list` shows all runs")
    }

    func status(of run: RunID) throws(APIError) -> RunStatus {
        guard let entry = entries[run] else { throw unknown(run) }
        let (state, history) = (entry.written, entry.history)
        let useful = cluster.workers.filter { $0.value.quarantine == nil && !cluster.isSilent($0.key, now: now) }
        var wait = cluster.reasonToWait(state, now: now)
        if useful.isEmpty, let reason = wait, let command = reach?.command { wait = "\(reason); start one: \(command)" }
        let holders = Set(cluster.leases.filter { $0.key.run == run }.values.joined().map(\.worker))
        let trouble = holders.sorted { $0.rawValue < $1.rawValue }.lazy.compactMap { name in
            self.cluster.workers[name]?.trouble.map { "\(name): \($0)" }
        }.first
        var status = RunStatus(
            state, history, progress: progress(of: state, history), workers: useful.count,
            tasksInProgress: cluster.leases.keys.count { $0.run == run }, wait: wait, trouble: trouble,
            pause: storage.reason ?? cluster.reasonToPause(run), pauses: storage.changes)
        status.diskBytes = diskBytes(of: state)
        status.memory = memory(of: state)
        return status
    }

    private func progress(of run: RunState, _ history: RunHistory) -> RunProgress? {
        guard run.manifest != nil else { return nil }
        let slots = cluster.workers.values.reduce(0) { $0 + ($1.quarantine == nil ? $1.registration.slots : 0) }
        return history.progress(
            costs: run.costs(slots: slots), share: cluster.shareOfRound(of: run.id, now: now),
            at: Date().timeIntervalSince1970)
    }

    private func memory(of run: RunState) -> RunMemory? {
        if let known = entries[run.id]?.memory { return known }
        guard !run.phase.isFinal, let manifest = run.manifest, let compiled = run.compiled else { return nil }
        let data = manifest.blobs.reduce(0) { $0 + (store.blobs.size(of: $1) ?? 0) }
        let memory = RunMemory(compiled, verifies: run.plan.verify ?? 0 > 0, dataBytes: data)
        entries[run.id]?.memory = memory
        return memory
    }
}
