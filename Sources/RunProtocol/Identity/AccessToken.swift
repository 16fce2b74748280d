import Crypto
import FoundationEssentials
import Glibc

/// The secret that a coordinator and all who speak to it share. It never shows in a description.
package struct AccessToken: Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// How many characters a token may have.
    package static let length = 16...4_096

    package let text: String
    /// What a browser keeps in the token's stead: 64 hexadecimal digits that only the token gives, from which nobody finds
    /// the token (HMAC-SHA-256). It is the same after a restart.
    package let session: String
    private let hash: [UInt8]
    private let sessionHash: [UInt8]

    /// - Parameter text: whitespace around it is left out.
    /// - Returns: nil unless there are 16 to 4096 printable ASCII characters without a space between them.
    package init?(text: String) {
        let isSpace: (UInt8) -> Bool = { $0 == 32 || (9...13).contains($0) }
        let bytes = text.utf8.drop(while: isSpace).reversed().drop(while: isSpace).reversed()
        guard Self.length.contains(bytes.count), bytes.allSatisfy({ (33...126).contains($0) }) else { return nil }
        self.text = String(decoding: bytes, as: UTF8.self)
        hash = Array(SHA256.hash(data: Data(self.text.utf8)))
        let code = HMAC<SHA256>.authenticationCode(
            for: Data("cairn browser session".utf8), using: SymmetricKey(data: Data(self.text.utf8)))
        let digits = Array("0123456789abcdef".utf8)
        session = String(decoding: code.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
        sessionHash = Array(SHA256.hash(data: Data(session.utf8)))
    }

    /// Reads a token from a file of one line.
    /// - Throws: `AccessTokenError` whenever the file cannot be read, everyone on the host may read it, or it holds
    ///   something else.
    package init(file path: String) throws(AccessTokenError) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .unreadable(path: path, reason: String(cString: strerror(errno))) }
        defer { close(descriptor) }
        var information = stat()
        guard fstat(descriptor, &information) == 0
        else { throw .unreadable(path: path, reason: String(cString: strerror(errno))) }
        if information.st_mode & S_IFMT == S_IFREG, information.st_mode & S_IROTH != 0 {
            throw .readableByEveryone(path: path)
        }
        // Room for a longest token and an end of line on any system, and one byte more to notice what is too long.
        var bytes = [UInt8](repeating: 0, count: Self.length.upperBound + 3)
        var filled = 0
        while filled < bytes.count {
            let count = bytes.withUnsafeMutableBytes { read(descriptor, $0.baseAddress! + filled, $0.count - filled) }
            guard count >= 0 else { throw .unreadable(path: path, reason: String(cString: strerror(errno))) }
            if count == 0 { break }
            filled += count
        }
        guard filled < bytes.count, let token = AccessToken(text: String(decoding: bytes[..<filled], as: UTF8.self))
        else { throw .malformed(path: path) }
        self = token
    }

    /// Takes the same time wherever `candidate` differs: nobody can guess a token character by character.
    package func matches(_ candidate: String) -> Bool { Self.hash(of: candidate, is: hash) }

    /// The same for what a browser sends as its `session`.
    package func matches(session candidate: String) -> Bool { Self.hash(of: candidate, is: sessionHash) }

    private static func hash(of candidate: String, is hash: [UInt8]) -> Bool {
        var difference: UInt8 = 0
        for (own, other) in zip(hash, SHA256.hash(data: Data(candidate.utf8))) { difference |= own ^ other }
        return difference == 0
    }

    package var description: String { "(hidden)" }
    package var debugDescription: String { description }
    package var customMirror: Mirror { Mirror(self, children: []) }
}

/// Why a file does not give an access token.
package enum AccessTokenError: Error, Hashable, Sendable, CustomStringConvertible {
    case unreadable(path: String, reason: String)
    case readableByEveryone(path: String)
    case malformed(path: String)

    package var description: String {
        switch self {
        case .unreadable(let path, let reason):
            "the token file \(path) cannot be read: \(reason); check the path and its permissions"
        case .readableByEveryone(let path):
            "the token file \(path) can be read by everyone on this host; run: chmod 600 \(path)"
        case .malformed(let path):
            "the token file \(path) should hold one line of 16 to 4096 printable characters without spaces"
        }
    }
}
