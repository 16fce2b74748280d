import FoundationEssentials
import RunProtocol
import Testing

@Suite struct AccessTokenTests {
    static let text = "0123456789abcdef"

    @Test func whitespaceAroundATokenIsLeftOut() {
        #expect(AccessToken(text: " \t\(Self.text)\r\n")?.text == Self.text)
        #expect(AccessToken(text: String(repeating: "~", count: 4_096)) != nil)
    }

    @Test(arguments: [
        "", "   ", "0123456789abcde", "0123456789abcdef 0", "0123456789\nabcdef", "0123456789abcdefü",
        "0123456789abcdef\u{7f}", String(repeating: "x", count: 4_097),
    ]) func whatIsNoTokenIsRefused(text: String) {
        #expect(AccessToken(text: text) == nil)
    }

    @Test func onlyTheWholeTokenMatches() throws {
        let token = try #require(AccessToken(text: Self.text))
        #expect(token.matches(Self.text))
        for other in ["", "0123456789abcde", "0123456789abcdeF", Self.text + "0", Self.text + "\n"] {
            #expect(!token.matches(other))
        }
    }

    @Test func aTokenNeverShows() throws {
        let token = try #require(AccessToken(text: Self.text))
        var dumped = ""
        dump(token, to: &dumped)
        for shown in ["\(token)", String(reflecting: token), String(describing: [token]), dumped] {
            #expect(!shown.contains(Self.text))
        }
    }

    @Test func aFileIsRead() throws {
        let path = FileManager.default.temporaryDirectory.path + "/cairn-token-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: path) }
        #expect(throws: AccessTokenError.unreadable(path: path, reason: "No such file or directory")) {
            try AccessToken(file: path)
        }
        try write("\(Self.text)\n", to: path, mode: 0o600)
        #expect(try AccessToken(file: path).text == Self.text)
        try write("\(Self.text)\n", to: path, mode: 0o644)
        #expect(throws: AccessTokenError.readableByEveryone(path: path)) { try AccessToken(file: path) }
        for wrong in ["", "short\n", "\(Self.text)\n\(Self.text)\n", String(repeating: "x", count: 10_000)] {
            try write(wrong, to: path, mode: 0o640)
            #expect(throws: AccessTokenError.malformed(path: path)) { try AccessToken(file: path) }
        }
        let folder = FileManager.default.temporaryDirectory.path
        #expect(throws: AccessTokenError.self) { try AccessToken(file: folder) }
    }

    private func write(_ text: String, to path: String, mode: Int) throws {
        try Data(text.utf8).write(to: URL(filePath: path))
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
    }
}
