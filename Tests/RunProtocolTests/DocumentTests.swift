import Foundation
import RunProtocol
import Testing

/// docs/protocol.md says what the program says.
@Suite struct DocumentTests {
    private static let document = try? String(
        contentsOf: URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "docs/protocol.md"), encoding: .utf8)

    @Test func everyErrorHasItsLine() throws {
        let rows = try #require(Self.document).split(separator: "\n").filter { $0.hasPrefix("| ") }
        for code in APIError.Code.allCases {
            let row = rows.filter { $0.contains("`\(code.rawValue)`") && $0.contains("\(code.httpStatus)") }
            #expect(row.count == 1, "\(code.rawValue)")
        }
        let listed = rows.filter { $0.contains(/^\| \d{3}/) }.flatMap {
            $0.split(separator: "|")[1].matches(of: /`(\w+)`/)
        }
        #expect(listed.count == APIError.Code.allCases.count)
    }
}
