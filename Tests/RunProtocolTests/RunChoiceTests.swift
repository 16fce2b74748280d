import RunProtocol
import Testing

@Suite struct RunChoiceTests {
    private static func id(_ text: String) -> RunID { RunID(rawValue: text)! }

    private static let runs: [(id: RunID, name: String)] = [
        (id("run-3aaa0000"), "table"), (id("run-2aab0000"), "images"), (id("run-1abc0000"), "table"),
        (id("run-0fff0000"), "3aaa"),
    ]

    @Test(
        arguments: [
            ("latest", .run(id("run-3aaa0000"))), ("run-1abc0000", .run(id("run-1abc0000"))),
            ("run-1", .run(id("run-1abc0000"))), ("2aab", .run(id("run-2aab0000"))),
            ("images", .run(id("run-2aab0000"))),
            ("table", .several([id("run-3aaa0000"), id("run-1abc0000")])),
            ("run-", .several(runs.map(\.id))), ("run-9", .none), ("", .none), ("tab", .none),
            // A plan may be called as another run begins: whole names come first.
            ("3aaa", .run(id("run-0fff0000"))), ("3aa", .run(id("run-3aaa0000"))),
        ] as [(String, RunChoice)])
    func nameBeginningOrPlan(text: String, expected: RunChoice) {
        #expect(RunChoice(text, among: Self.runs) == expected)
    }

    @Test func amongNoneThereIsNone() {
        for text in ["latest", "run-1", "a"] { #expect(RunChoice(text, among: []) == .none) }
    }
}
