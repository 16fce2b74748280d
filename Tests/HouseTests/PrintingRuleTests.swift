import Foundation
import Testing

/// Commands print through one door, which lets nothing out that steers a terminal.
@Suite struct PrintingRuleTests {
    private static let doors = ["Shared/Output.swift"]

    @Test func commandsPrintThroughTheDoor() {
        let files = SourceTree.files(below: ["Sources/Commands"], endingIn: [".swift"])
        let around = files.filter { file in !Self.doors.contains { file.path.hasSuffix($0) } }.flatMap { file in
            file.lines.filter { $0.contains(/(^|[^.\w])(Swift\.)?print\(/) }.map { "\(file.path): \($0)" }
        }
        #expect(around == [], "use say(...) or JSONOutput.print")
    }
}
