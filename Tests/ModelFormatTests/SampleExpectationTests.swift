import ModelFormat
import RandomNumbers
import RunProtocol
import Testing

/// Samples of a file beside what a network learnt from: read rightly, or refused with every mismatch.
@Suite struct SampleExpectationTests {
    private func expected(_ shape: [Int], columns: [String]? = nil, divisor: Double = 1) -> SampleExpectation {
        SampleExpectation(
            shape: shape, columns: columns, divisor: divisor,
            range: NumberRange(lowest: 0, highest: 1, meanMagnitude: 0.2))
    }

    private func problems(
        _ expected: SampleExpectation, _ shape: [Int], columns: [String]? = nil, _ words: MatchWords = .plan
    ) -> String {
        do {
            _ = try expected.order(of: "file", shape: shape, columns: columns, words)
            return ""
        } catch {
            return error.description
        }
    }

    // MARK: Columns

    @Test(arguments: 0..<20) func columnsInAnyOrderAreFound(seed: UInt64) throws {
        var random = Philox(key: seed, stream: 1)
        let names = (0..<(2 + Int(seed) % 7)).map { "column \($0)" }
        let shuffled = random.permutation(of: names.count).map { names[Int($0)] }
        let order = try expected([names.count], columns: names).order(
            of: "file", shape: [names.count], columns: shuffled, .plan)
        let places = order.places ?? Array(names.indices)
        #expect(places.map { shuffled[$0] } == names)
        #expect(order.remarks.isEmpty)
    }

    @Test(arguments: 0..<20) func everyMissingAndEveryForeignColumnIsNamed(seed: UInt64) {
        var random = Philox(key: seed, stream: 2)
        let names = (0..<8).map { "n\($0)" }
        let missing = random.permutation(of: 8).prefix(1 + Int(seed) % 3).map { names[Int($0)] }
        let foreign = (0..<Int(seed) % 4).map { "other\($0)" }
        var found = names.filter { !missing.contains($0) }
        for name in foreign { found.insert(name, at: Int(random.permutation(of: found.count + 1)[0])) }
        for words in [MatchWords.plan, .command] {
            let text = problems(expected([8], columns: names), [found.count], columns: found, words)
            for name in missing + foreign { #expect(text.contains("'\(name)'"), "\(text)") }
            for name in names where !missing.contains(name) { #expect(!text.contains("'\(name)'"), "\(text)") }
            if !foreign.isEmpty {
                #expect(text.contains(words == .plan ? "without: [" : "--without other"), "\(text)")
            }
        }
    }

    @Test func namesThatStandTwiceCannotBeMatched() throws {
        let twice = expected([3], columns: ["a", "a", "b"])
        #expect(try twice.order(of: "file", shape: [3], columns: ["a", "a", "b"], .plan).places == nil)
        #expect(problems(twice, [3], columns: ["a", "b", "a"]).contains("more than one the column 'a'") == true)
        #expect(!problems(expected([2], columns: ["a", "b"]), [3], columns: ["a", "b", "a"]).isEmpty)
    }

    @Test func withoutNamesOnOneSideTheOrderIsTakenAndSaid() throws {
        for (mine, theirs) in [(["a", "b"], nil), (nil, ["a", "b"])] as [([String]?, [String]?)] {
            let order = try expected([2], columns: mine).order(of: "file", shape: [2], columns: theirs, .plan)
            #expect(order.places == nil)
            #expect(order.remarks.count == 1 && order.remarks[0].contains("in their order"))
        }
        #expect(problems(expected([2], columns: ["a", "b"]), [3]).contains("have 3 numbers"))
    }

    // MARK: Shapes

    @Test(arguments: [
        ([28, 28], [28, 28]), ([28, 28], [28, 28, 1]), ([28, 28, 1], [28, 28]), ([1, 28, 20], [28, 20]), ([5], [5]),
        ([5], [5, 1]), ([], [1]), ([3, 20, 12], [3, 20, 12]),
    ]) func theseShapesAreTheSame(mine: [Int], theirs: [Int]) throws {
        let order = try expected(mine).order(of: "file", shape: theirs, columns: nil, .plan)
        #expect(order.places == nil && order.remarks.isEmpty)
    }

    @Test(arguments: [([12, 20], [240]), ([240], [12, 20]), ([12, 20, 3], [720])])
    func aFlatFileOfTheSameSizeIsTakenAndSaid(mine: [Int], theirs: [Int]) throws {
        let order = try expected(mine).order(of: "file", shape: theirs, columns: nil, .plan)
        #expect(order.places == nil && order.remarks.count == 1)
    }

    @Test(arguments: [
        ([20, 12], [12, 20], "save x.transpose(0, 2, 1)"),
        ([20, 12, 3], [3, 20, 12], "save x.transpose(0, 2, 3, 1)"),
        ([28, 28, 3], [3, 28, 28], "save x.transpose(0, 2, 3, 1)"),
        ([3, 20, 12], [20, 12, 3], "save x.transpose(0, 3, 1, 2)"),
        ([20, 12], [24, 10], "make all samples alike"), ([20, 12], [20, 13], "make all samples alike"),
        ([4], [5], "its samples have 5 numbers, the unlabeled samples have 4"),
        ([20, 12], [241], "its samples have 241 numbers"), ([240], [20, 13], "its samples have 260 numbers"),
    ]) func otherShapesAreRefused(mine: [Int], theirs: [Int], way: String) {
        let text = problems(expected(mine), theirs)
        #expect(text.contains(way), "\(text)")
    }

    @Test func theTranspositionBringsEachAxisWhereItIsWanted() {
        for shape in [[2, 3, 5], [3, 2, 5], [5, 3, 2], [2, 5, 3]] {
            guard let text = SampleExpectation.transposition(from: shape, to: [2, 3, 5]) else { continue }
            let axes = text.split { !$0.isNumber }.compactMap { Int($0) }
            #expect(axes.dropFirst().map { shape[$0 - 1] } == [2, 3, 5], "\(text)")
        }
        #expect(SampleExpectation.transposition(from: [2, 3], to: [2, 4]) == nil)
    }

    // MARK: Scale

    private func divisor(
        _ expected: SampleExpectation, highest: Double, mean: Double, own: Double? = nil
    ) throws -> Double {
        try expected.divisor(
            of: "file", range: NumberRange(lowest: 0, highest: highest, meanMagnitude: mean), own: own, .plan)
    }

    @Test func oneDivisorWhateverTheNumbersAre() throws {
        let pixels = expected([4], divisor: 255)
        for highest in [40.0, 255, 2_000] {
            #expect(try divisor(pixels, highest: highest, mean: highest / 5) == 255)
        }
        #expect(try divisor(pixels, highest: 1, mean: 0.2, own: 1) == 1)
        // A single number far out says nothing of the scale, nor do samples that are all zero.
        #expect(try divisor(pixels, highest: 100_000, mean: 60) == 255)
        #expect(try divisor(pixels, highest: 0, mean: 0) == 255)
    }

    @Test(arguments: [
        (255.0, 1.0, "divided by 255 as those are, go from 0 to 0.0039215", "add divide_by: 1"),
        (1, 255, "its numbers go from 0 to 255, but the unlabeled samples from 0 to 1", "add divide_by: 255"),
        (1, 65_535, "its numbers go from 0 to 65535", "add divide_by: 65535"),
        (255, 65_535, "go from 0 to 257", "add divide_by: 65535"),
        (1, 5_000_000, "its numbers go from 0 to 5000000", "add divide_by: NUMBER"),
    ]) func anotherScaleIsRefused(mine: Double, highest: Double, what: String, way: String) {
        let error = #expect(throws: SampleMismatch.self) {
            try divisor(expected([4], divisor: mine), highest: highest, mean: highest / 5)
        }
        #expect(error?.description.contains(what) == true, "\(error?.description ?? "")")
        #expect(error?.description.hasSuffix(way) == true || way.hasSuffix("NUMBER"), "\(error?.description ?? "")")
    }

    // MARK: Classes

    @Test(arguments: 0..<20) func classesGoByTheirNames(seed: UInt64) throws {
        var random = Philox(key: seed, stream: 3)
        let known = ["cat", "dog", "hen", "owl"]
        let names = random.permutation(of: 4).prefix(1 + Int(seed) % 4).map { known[Int($0)] }
        let indices = (0..<30).map { Int32($0 % names.count) }
        let matched = try ClassMatch.indices(indices, of: names, among: known, path: "file", whose: "nothing has")
        #expect(zip(matched, indices).allSatisfy { known[Int($0)] == names[Int($1)] })
        // One that is not known, anywhere.
        var others = names
        others.insert("elk", at: Int(random.permutation(of: names.count + 1)[0]))
        let place = Int32(others.firstIndex(of: "elk") ?? 0)
        #expect(throws: UnknownClasses.self) {
            try ClassMatch.indices([place, place], of: others, among: known, path: "file", whose: "nothing has")
        }
        // Nobody asks for a class that no sample has.
        let others2 = (0..<Int32(others.count)).filter { $0 != place }
        _ = try ClassMatch.indices(others2, of: others, among: known, path: "file", whose: "nothing has")
    }

    @Test func whatIsUnknownIsSaid() {
        let error = #expect(throws: UnknownClasses.self) {
            try ClassMatch.indices(
                [0, 1, 1, 2], of: ["Cat", "7", "dog"], among: ["cat", "dog"], path: "te\u{1B}st",
                whose: "no labeled example has")
        }
        #expect(
            error?.description
                == "te\\u{1b}st: has the classes 'Cat', 7, which no labeled example has (3 samples); the classes are"
                + " 'cat', 'dog'; 'Cat' is written in another way there")
    }
}
