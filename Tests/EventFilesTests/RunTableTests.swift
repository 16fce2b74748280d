import EventFiles
import RunProtocol
import Testing

@Suite struct RunTableTests {
    @Test func everyRoundEpochAndTestHasALine() throws {
        #expect(
            RunTable.csv(try ExampleRun.status()) == """
                stage,round,samples,loss,held_out_error,mean_error,active_share,dead_units,kept_share,unused_units,seconds,\
                samples_per_second,bytes,draw,pretrained,labels,error
                layer 1,0,,,100.5,90.5,,,,,,,,,,,
                layer 1,1,3000,60.25,40.125,90.5,0.5,3,0.25,4,1.5,2000.0,123456,,,,
                layer 1,2,3000,30.0,,,,,,,2.0,1500.0,,,,,
                fine-tuning,1,,2.0,,,,,,,,,,0,true,,
                fine-tuning,2,,1.5,,,,,,,,,,0,true,,
                fine-tuning,1,,2.5,,,,,,,,,,0,false,,
                evaluation,,8,,,,,,,,,,,0,true,20,0.125

                """)
    }

    @Test func aRunWithoutRoundsIsAHeader() throws {
        let status = RunStatus(
            id: try #require(RunID(rawValue: "run-1")), name: "new", state: .preparing, revision: 0, submittedAt: 0)
        #expect(RunTable.csv(status) == RunTable.columns(of: status).joined(separator: ",") + "\n")
    }

    @Test func whatIsNotANumberIsEmpty() throws {
        var status = try ExampleRun.status()
        status.results = [ExampleRun.curve(0, pretrained: true, [.infinity, .nan])]
        #expect(RunTable.csv(status).contains("fine-tuning,2,,,,"))
    }

    @Test(arguments: [
        ("layer 1", "layer 1"), ("a,b", "\"a,b\""), ("say \"it\"", "\"say \"\"it\"\"\""),
        ("two\nlines", "\"two\nlines\""),
        ("two\r\nlines", "\"two\r\nlines\""), ("", ""),
    ])
    func cellsAreQuotedWhereTheyMustBe(_ name: String, _ written: String) throws {
        var status = try ExampleRun.status()
        status.stages = [
            StageStatus(
                name: name, state: .running, round: 1, rounds: 1, tasksDone: 0, tasks: 1,
                history: [RoundRecord(round: 0)])
        ]
        status.results = []
        #expect(RunTable.csv(status).contains("error\n\(written),0,,,"))
    }
}
