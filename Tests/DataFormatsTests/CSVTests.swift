import DataFormats
import Foundation
import RandomNumbers
import Testing

@Suite struct CSVTests {
    static func read(_ text: String, limit: Int? = nil, leavingOut column: String? = nil) throws -> SampleTable {
        try CSV.samples(Array(text.utf8), path: "x.csv", limit: limit, leavingOut: column)
    }

    @Test(arguments: [
        "1,2.5\n-3,4e2\n", "1,2.5\r\n-3,4e2", "1;2.5\n-3;4e2\n\n\n", "1\t2.5\n-3\t4e2\r\n\r\n", "a,b\n1,2.5\n-3,4e2",
        "\u{FEFF}a,b\n1,2.5\n-3,4e2", " 1 , 2.5\n\"-3\",\"4e2\" \n", "\"a\nb\",\"c \"\"d\"\"\"\n1,+2.5\n-3.0,400\n",
        "1,2.5\r-3,4e2\r",
    ]) func everyDialect(text: String) throws {
        #expect(
            try Self.read(text) == SampleTable(count: 2, sampleShape: [2], numbers: .float32([1, 2.5, -3, 400])))
        #expect(try Self.read(text, limit: 1).numbers == .float32([1, 2.5]))
    }

    @Test func numbersAreRoundedAsTheyShouldBe() throws {
        let texts = ["16777217", "999999999", "0.1", "1e-40", "3.4028234e38", "1234567890123", "000000000000001", ".5"]
        let expected = texts.map { Float($0) ?? .nan }
        #expect(try Self.read(texts.joined(separator: ",")).numbers == .float32(expected))
    }

    @Test func labelsAreAColumn() throws {
        let text = "x,species,y\n1,2,3\n4,16777217.0,6\n"
        #expect(try Self.read(text, leavingOut: "species").numbers == .float32([1, 3, 4, 6]))
        let bytes = Array(text.utf8)
        #expect(try CSV.labels(bytes, path: "x", column: "species") == [2, 16_777_217])
        #expect(try CSV.labels(bytes, path: "x", column: "species", limit: 1) == [2])
        #expect(try CSV.labels(Array("label\n3\n0\n".utf8), path: "x") == [3, 0])
        #expect(code { try CSV.labels(bytes, path: "x") } == .wrongShape)
        #expect(code { try CSV.labels(bytes, path: "x", column: "z") } == .noSuchColumn)
        #expect(code { try CSV.labels(Array("1,2\n".utf8), path: "x", column: "z") } == .noSuchColumn)
        for label in ["1.5", "-1", "2147483648", "x", "1e0", ""] {
            #expect(code { try CSV.labels(Array("a,b\n0,\(label)\n".utf8), path: "x", column: "b") } == .outOfRange)
        }
    }

    @Test(arguments: [
        ("1,2\n3,x\n", "line 2, column 2: 'x' is no number"), ("a,b\n1,2\n3,nan", "line 3, column 2 ('b'): 'nan'"),
        ("1,2\n3,\n", "line 2, column 2: there is nothing"), ("1,2\n3\n", "line 2 has 1 columns; those before have 2"),
        ("1,2\n3,4,5\n", "line 2 has 3 columns"), ("1\n\n2\n", "line 2 is empty"), ("", "there is nothing in it"),
        ("a,b\n", "there are no samples"), ("1,2\n3,\"4\n", "the quotation mark that opens on line 2 is not closed"),
        ("1,2\n3,\"4\"5\n", "line 2, column 2: a letter follows"), ("1,2\n3,1e99\n", "is too large"),
        ("1,2\n0x10,4\n", "line 2, column 1: '0x10' is no number"), ("\"a\nb\"\n1\nx\n", "line 4, column 1"),
        ("1\n1.2.3\n", "line 2, column 1"), ("1;2\n1,5;2\n", "line 2, column 1: '1,5' is no number"),
        ("1\n\u{1B}[2J\n", "'\\u{1b}[2J' is no number"),
    ]) func whatIsWrongIsSaidWithItsPlace(text: String, expected: String) {
        let error = #expect(throws: DataError.self) { try Self.read(text) }
        #expect(error?.description.contains(expected) == true, "\(error?.description ?? "")")
    }

    @Test func twoColumnsOfOneNameAreRefused() {
        #expect(code { try Self.read("a,a\n1,2\n", leavingOut: "a") } == .malformedRow)
        #expect(code { try Self.read("a\n1\n", leavingOut: "a") } == .wrongShape)
    }

    @Test func thereAreLimits() {
        #expect(code { try Self.read(String(repeating: "1,", count: 1 << 20) + "1\n") } == .tooLarge)
        #expect(code { try Self.read("1\n" + String(repeating: "1", count: 1 << 25 + 1)) } == .tooLarge)
    }

    @Test func damagedFilesAreRefusedOrRead() {
        let whole = Array("a,\"b\"\"\",c\n1,2,3\r\n-4.5,\"6\",7e1\n".utf8)
        var random = Philox(key: 78, stream: 0)
        var refused = 0
        for round in 0..<5_000 {
            var mutant = round < whole.count ? Array(whole[..<round]) : whole
            for _ in 0..<(round < whole.count ? 0 : 1 + random.next(below: 3)) {
                mutant[random.next(below: mutant.count)] = UInt8(truncatingIfNeeded: random.nextBits())
            }
            do {
                let table = try CSV.samples(mutant, path: "x")
                #expect(table.count > 0)
            } catch { refused += 1 }
        }
        #expect(refused > 1_000)
    }
}
