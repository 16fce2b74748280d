/// The steps in which a coordinator changes what is on the disk: all of them. A program that is killed right before or
/// right after any of them must find its way when it is started again, and a test kills it at each.
package enum WritePoint: String, CaseIterable, Sendable {
    // A file that gets its name when it is whole.
    case createFile, writeFile, synchronizeFile, nameFile, synchronizeFolder, dropFile
    // Rows that find no room in memory while data are cut: nothing of them outlives the process.
    case createScratch, writeScratch
    // An answer on its way in.
    case createUpload, writeUpload, synchronizeUpload, deleteUpload
    // The blobs.
    case makeFolder, clearUploads, adoptUpload, deleteBlob, tryForRoom
    // The folder's owner, and the database.
    case takeLock, takeEpoch, beat, dropOwner, raiseEpoch
    case migrateDatabase, commitRun, commitFact, commitQuarantine, commitPast

    package enum Moment: String, CaseIterable, Sendable { case before, after }

    /// What tests put in the way; set before the first write, and never in the program itself.
    nonisolated(unsafe) package static var interruption:
        (@Sendable (_ point: WritePoint, _ kind: String, _ moment: Moment) -> Void)?

    /// Does the step.
    /// - Parameter kind: of which kind it is, where a point has several.
    package func perform<Result, Failure: Error>(
        kind: String = "", _ step: () throws(Failure) -> Result
    ) throws(Failure) -> Result {
        guard let interruption = Self.interruption else { return try step() }
        interruption(self, kind, .before)
        let result = try step()
        interruption(self, kind, .after)
        return result
    }
}
