import Foundation
import RunProtocol
import Testing

/// Named values stand beside the fixed keys, as they did when each had a field of its own.
@Suite struct NamedValuesTests {
    private static let earlier = """
        {"activeShare":0.25,"confusion":[[3,1],[0,4]],"deadUnits":2,"epochLosses":[2.5,1],"loss":0.5,\
        "preparationSeconds":0.5,"pseudoLabels":[7],"samples":20,"seconds":1.5,"validationErrors":0}
        """

    @Test func figuresOfEarlierProgramsAreTheSameWhenTheyAreWrittenAgain() throws {
        let figures = try JSONDecoder().decode(TaskFigures.self, from: Data(Self.earlier.utf8))
        #expect(figures.metrics == ["activeShare": 0.25, "deadUnits": 2, "loss": 0.5, "validationErrors": 0])
        #expect(figures.series == ["epochLosses": [2.5, 1], "pseudoLabels": [7]])
        #expect(figures.tables == ["confusion": [[3, 1], [0, 4]]])
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        #expect(String(decoding: try encoder.encode(figures), as: UTF8.self) == Self.earlier)
    }

    @Test(arguments: [
        #""loss": "0.5""#, #""loss": true"#, #""loss": [[0.5]]"#, #""loss": [1, "2"]"#, #""Loss": 1"#, #""a b": 1"#,
        #""é": 1"#, #""": 1"#, "\"a\(String(repeating: "b", count: Limits.valueNameCharacters))\": 1",
        (0...Limits.namedValues).map { "\"a\($0)\": 1" }.joined(separator: ","),
    ])
    func whatIsMalformedIsRefused(members: String) {
        #expect(throws: DecodingError.self) {
            try JSONDecoder().decode(TaskFigures.self, from: Data(#"{"samples": 1, "seconds": 0, \#(members)}"#.utf8))
        }
        #expect(throws: DecodingError.self) {
            try JSONDecoder().decode(RoundRecord.self, from: Data(#"{"round": 1, "samples": 0, \#(members)}"#.utf8))
        }
    }

    @Test(arguments: ["[[1, 2], [3]]", "[[-1]]", "[[2147483648]]"]) func tablesOfResultsAreCounts(table: String) {
        let text = """
            {"stage": 0, "draw": 0, "group": "a", "pretrained": true, "labels": 0, "samples": 1, "t": \(table)}
            """
        #expect(throws: DecodingError.self) { try JSONDecoder().decode(TrialResult.self, from: Data(text.utf8)) }
    }

    @Test func valuesAreInTheirRangesAndTasksAskForThem() throws {
        var metric = MetricDescription("share", title: "share", text: "A share.", of: .round)
        (metric.lowest, metric.highest) = (0, 1)
        #expect(metric.allows(0) && metric.allows(1) && !metric.allows(-0.1) && !metric.allows(1.1))
        #expect("heldOutError".snakeCase == "held_out_error")
    }
}
