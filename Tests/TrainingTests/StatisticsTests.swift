import RunProtocol
import TensorCore
import Testing
import Training

@Suite struct StatisticsTests {
    /// Of a graph that gives its input, over two sets, beside the plainest way of computing the same.
    @Test(arguments: [0.0, 1_000_000]) func meansDeviationsAndRanges(offset: Float) throws {
        Engine.useOneThread()
        var graph = Graph(inputs: [.init(field: "x", shape: [2])])
        graph.append("same", .activate(.linear), of: [0])
        let rows: [[Float]] = [[0, 4], [1, 4], [0, -2], [1, 10], [3, 4]].map { [$0[0] + offset, $0[1]] }
        func data(_ rows: ArraySlice<[Float]>) -> TaskData {
            TaskData([Samples(count: rows.count, size: 2, numbers: .float32(rows.flatMap(\.self)), divisor: 1)])
        }
        let sets = [rows[..<2], rows[2...]]
        let work = FitWork(
            .statistics, of: graph, weights: TaskTests.digest,
            over: sets.map {
                FieldSet(count: $0.count, fields: [Field("x", TaskTests.digest, .values(size: 2, divisor: 1))])
            })
        let result = try TaskFunctions.fit(work, weights: [], sets: sets.map(data), isCancelled: { false })
        #expect(result.figures.samples == 5)
        let expected: [Float] = [1 + offset, 4, 1.095_445_1, 3.794_733, offset, -2, 3 + offset, 10]
        #expect(result.vector.count == 8)
        for (value, wanted) in zip(result.vector, expected) {
            #expect((value - wanted).magnitude <= 1e-6 * max(1, wanted.magnitude))
        }
        let id = TaskID(run: try #require(RunID(rawValue: "run-1")), stage: 0, round: 1, index: 0)
        let task = TaskDescription(id: id, title: "statistics", work: .fit(work))
        try task.check()
        #expect(task.problem(of: result) == nil)
        #expect(throws: TaskCancelled.self) {
            try TaskFunctions.fit(work, weights: [], sets: sets.map(data), isCancelled: { true })
        }
    }
}
