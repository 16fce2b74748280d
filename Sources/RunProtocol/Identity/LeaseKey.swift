import Crypto
import FoundationEssentials

/// What a coordinator signs leases with: it is kept in the state folder, so a token proves the same after a restart. It
/// never shows in a description.
package struct LeaseKey: Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// How many bytes a key has.
    package static let length = 32

    private let key: SymmetricKey

    /// - Returns: nil unless there are `length` bytes.
    package init?(bytes: [UInt8]) {
        guard bytes.count == Self.length else { return nil }
        key = SymmetricKey(data: Data(bytes))
    }

    /// The proof that `worker` was given `task`, of use to its process alone.
    /// - Parameter process: the worker's, as its registration has it.
    package func token(_ task: TaskID, _ worker: WorkerID, process: String) -> LeaseToken {
        let code = HMAC<SHA256>.authenticationCode(for: message(task, worker, process), using: key)
        return LeaseToken(worker: worker, code: Array(code))
    }

    /// Whether the token was made for this task and this process, under whatever name it had then. It takes the same
    /// time wherever the token differs.
    package func proves(_ token: LeaseToken, _ task: TaskID, process: String) -> Bool {
        HMAC<SHA256>.isValidAuthenticationCode(
            token.code, authenticating: message(task, token.worker, process), using: key)
    }

    /// No part of it has a line's end.
    private func message(_ task: TaskID, _ worker: WorkerID, _ process: String) -> Data {
        Data("cairn lease\n\(task)\n\(worker)\n\(process)".utf8)
    }

    package var description: String { "(hidden)" }
    package var debugDescription: String { description }
    package var customMirror: Mirror { Mirror(self, children: []) }
}

/// A worker's proof that it was given a task: the name that it had then, a full stop, and 64 hexadecimal digits
/// (HMAC-SHA-256 over task, name and process).
package struct LeaseToken: Hashable, Sendable, Codable, RawRepresentable, CustomStringConvertible {
    package let worker: WorkerID
    package let code: [UInt8]

    package init(worker: WorkerID, code: [UInt8]) { (self.worker, self.code) = (worker, code) }

    /// - Returns: nil unless it is what `rawValue` gives.
    package init?(rawValue: String) {
        let parts = rawValue.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 2, let worker = WorkerID(rawValue: String(parts[0])),
            let digest = Digest(hex: String(parts[1]))
        else { return nil }
        let digits = Array(digest.hex.utf8)
        func value(_ digit: UInt8) -> UInt8 { digit < 58 ? digit - 48 : digit - 87 }
        code = stride(from: 0, to: digits.count, by: 2).map { value(digits[$0]) << 4 | value(digits[$0 + 1]) }
        self.worker = worker
    }

    package var rawValue: String {
        let digits = Array("0123456789abcdef".utf8)
        return
            "\(worker).\(String(decoding: code.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self))"
    }

    package var description: String { rawValue }
}

/// Who speaks of a task, and the proof that it was given to that worker's process.
package struct TaskClaim: Hashable, Sendable {
    package var worker: WorkerID
    package var token: LeaseToken

    package init(worker: WorkerID, token: LeaseToken) { (self.worker, self.token) = (worker, token) }
}
