package import RunProtocol

extension HTTPConnection {
    /// Downloads a blob to `path`, whole and compared with its digest or not at all.
    /// - Parameter progress: is told how many bytes are there, again and again.
    /// - Throws: `BlobFileError` whenever the file cannot be written, as well as what every call throws.
    package func download(_ blob: Digest, to path: String, progress: @escaping (Int) -> Void = { _ in }) throws {
        try fetch(blob, to: path, isDurable: true, progress: progress)
    }

    /// - Parameter isDurable: the file is brought to the disk before it gets its name.
    func fetch(
        _ blob: Digest, to path: String, isDurable: Bool = false, progress: @escaping (Int) -> Void = { _ in }
    ) throws {
        let file = try BlobFile(for: path)
        var attempts = Attempts(configuration.retries)
        while true {
            let bytesBefore = file.bytes
            do {
                try fetchRest(of: blob, into: file, progress: progress)
                break
            } catch {
                // A long download over a bad line may drop often, as long as it gets on.
                if file.bytes > bytesBefore { attempts.startOver() }
                try pause(after: error, &attempts)
            }
        }
        let found = file.digest
        guard found == blob else {
            let problem = ConnectionError(
                .damagedBlob,
                "blob \(blob.short) arrived from \(configuration.address) as \(found.short): something on the way "
                    + "or on the coordinator's disk has changed it")
            throw configuration.proxy?.mentioned(in: problem) ?? problem
        }
        try file.keep(isDurable: isDurable)
    }

    /// One attempt; goes on where the last one ended.
    private func fetchRest(
        of blob: Digest, into file: BlobFile, progress: @escaping (Int) -> Void
    ) throws(AttemptFailure) {
        let offset = file.bytes
        let request = Request(
            method: .get, path: "/v1/blobs/\(blob)", headers: offset > 0 ? ["Range: bytes=\(offset)-"] : [],
            patience: .stall(seconds: configuration.stallSeconds))
        let (limit, address) = (configuration.blobBytes, configuration.address)
        var isFirst = true
        _ = try attempt(request) { bytes, status in
            // A server that knows nothing of ranges sends everything again.
            if isFirst, offset > 0, status != 206 { try file.startOver() }
            isFirst = false
            guard file.bytes + bytes.count <= limit else {
                throw ConnectionError(
                    .malformedAnswer, "blob \(blob.short) at \(address) has more than \(limit) bytes: not fetched")
            }
            try file.append(bytes)
            progress(file.bytes)
        }
    }
}
