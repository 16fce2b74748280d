package import Coordination
import DataFormats
import FoundationEssentials
package import RunProtocol

/// Why an answer cannot count.
package struct RefusedAnswer: Error, Hashable { package var reason: String }

/// Looks at an answer before it counts: it must be what its task asks for, number by number, by the rules that its worker
/// has looked at it with (`ResultProblem`).
package enum UpdateInspection {
    /// - Parameter isCompared: whether another worker's answer must be the same.
    /// - Throws: `RefusedAnswer` with the reason; `DataError` `.hostShortage` whenever the file cannot be opened now.
    package static func inspect(
        _ upload: UploadedFile, answering task: TaskDescription, isCompared: Bool = false
    ) throws -> TaskCompletion {
        var hasher = DigestHasher()
        let header: UpdateFormat.Header
        do {
            let file = try UpdateFile(
                upload.path, limitBytes: UpdateFormat.largestSize(elementCount: task.elementCount))
            header = file.preamble.header
            guard header.task == task.id else { throw RefusedAnswer(reason: "it answers \(header.task)") }
            if let problem = task.problem(ofCount: file.preamble.elementCount) { throw problem }
            try file.forEachPart { part, start in
                if let problem = task.problem(of: part, from: start) { throw problem }
                if isCompared { part.withUnsafeBytes { hasher.update($0) } }
            }
            if isCompared { try header.figures.withoutSeconds.withUnsafeBytes { hasher.update($0) } }
        } catch let error as RefusedAnswer {
            throw error
        } catch let error as DataError where error.code == .hostShortage {
            throw error
        } catch {
            throw RefusedAnswer(reason: "\(error)")
        }
        if let problem = task.problem(of: header.figures) { throw RefusedAnswer(reason: "\(problem)") }
        let bits = isCompared ? hasher.finish() : nil
        guard
            let completion = TaskCompletion(
                task: task.id, update: upload.digest, figures: header.figures, bits: bits, bytes: upload.bytes)
        else { throw RefusedAnswer(reason: "its figures do not fit") }
        return completion
    }
}

extension TaskFigures {
    /// How long it took is all that may differ.
    fileprivate var withoutSeconds: Data {
        get throws {
            var figures = self
            (figures.seconds, figures.preparationSeconds) = (0, nil)
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys]
            return try encoder.encode(figures)
        }
    }
}

/// An update in a file, gzipped or not, of which one small part at a time is in memory: a round has many updates, and each
/// is as large as the model.
package struct UpdateFile {
    package let preamble: UpdateFormat.Preamble
    private let source: ByteSource
    private let limitBytes: Int

    private static let partElements = 1 << 16

    /// Reads what stands before the numbers.
    /// - Parameter limitBytes: how many bytes there may be in it, unpacked: a small gzip file can become a large one.
    /// - Throws: `UpdateError` whenever it is no update; `DataError` whenever it cannot be read.
    package init(_ path: String, limitBytes: Int) throws {
        source = try ByteSource(opening: path)
        self.limitBytes = limitBytes
        let front = try source.peek(UpdateFormat.fixedBytes + Limits.updateHeaderBytes)
        preamble = try UpdateFormat.preamble(of: Data(front))
        _ = try source.take(preamble.payloadOffset)
    }

    /// Reads the numbers: once, part by part.
    /// - Parameter body: gets a part and where in the vector it begins.
    /// - Throws: `UpdateError` whenever there are too few or too many bytes, `DataError` beyond the limit; what `body`
    ///   throws.
    package func forEachPart(_ body: (_ part: [Float], _ start: Int) throws -> Void) throws {
        for start in stride(from: 0, to: preamble.elementCount, by: Self.partElements) {
            let count = min(Self.partElements, preamble.elementCount - start)
            let bytes = try source.peek(count * 4).count == count * 4 ? source.take(count * 4) : []
            guard !bytes.isEmpty else { throw UpdateError.truncated }
            let part = bytes.withUnsafeBytes { bytes in
                [Float](unsafeUninitializedCapacity: count) { buffer, filled in
                    UnsafeMutableRawBufferPointer(buffer).copyMemory(from: bytes)
                    filled = count
                }
            }
            try body(part, start)
        }
        try checkEnd()
    }

    private func checkEnd() throws {
        var rest = 0
        while true {
            let count = try source.next(atMost: .max).count
            if count == 0 { break }
            rest += count
            guard preamble.totalBytes + rest <= limitBytes else {
                throw DataError(.tooLarge, at: source.path, "there are more than \(limitBytes) bytes in it")
            }
        }
        guard rest == 0 else { throw UpdateError.trailingBytes(rest) }
    }

    /// All numbers, where they are needed at once.
    package func vector() throws -> [Float] {
        var vector: [Float] = []
        vector.reserveCapacity(preamble.elementCount)
        try forEachPart { part, _ in vector += part }
        return vector
    }
}
