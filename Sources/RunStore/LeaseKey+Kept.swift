import DataFormats
import FoundationEssentials
import RunProtocol

extension LeaseKey {
    /// The key of a state folder, which is made at the first time: whole or not at all, and for this user alone.
    ///
    /// - Throws: `StoreError` whenever it is damaged; `DataError` whenever it cannot be read or written.
    init(keptIn folder: String) throws {
        let path = folder + "/lease.key"
        if FileManager.default.fileExists(atPath: path) {
            let bytes = try FileBytes.read(path, limit: Self.length)
            guard let key = LeaseKey(bytes: bytes) else {
                throw StoreError(
                    "\(path) is damaged: delete it, and workers do the tasks again that they have in hand")
            }
            self = key
            return
        }
        let bytes = (0..<Self.length).map { _ in UInt8.random(in: 0...255) }
        try AtomicFile.write(Data(bytes), to: path, isPrivate: true)
        guard let key = LeaseKey(bytes: bytes) else { throw StoreError("\(path) could not be made") }
        self = key
    }
}
