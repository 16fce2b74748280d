import DataFormats
import Foundation
import RandomNumbers
import Testing

@Suite struct CSVTests {
    static func read(_ text: String, limit: Int? = nil, leavingOut column: String? = nil) throws -> SampleTable {
        try CSV.samples(
            Array(text.utf8), path: "x.csv", ReadingOptions(limit: limit, without: [column].compactMap { $0 }))
    }

    @Test(arguments: [
        "1,2.5\n-3,4e2\n", "1,2.5\r\n-3,4e2", "1;2.5\n-3;4e2\n\n\n", "1\t2.5\n-3\t4e2\r\n\r\n", "a,b\n1,2.5\n-3,4e2",
        "\u{FEFF}a,b\n1,2.5\n-3,4e2", " 1 , 2.5\n\"-3\",\"4e2\" \n", "\"a\nb\",\"c \"\"d\"\"\"\n1,+2.5\n-3.0,400\n",
        "1,2.5\r-3,4e2\r",
    ]) func everyDialect(text: String) throws {
        let table = try Self.read(text)
        #expect((table.count, table.sampleShape) == (2, [2]))
        #expect(table.numbers == .float32([1, 2.5, -3, 400]))
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
        func read(_ text: String, column: String? = nil, limit: Int? = nil) throws -> [String] {
            let labels = try CSV.labels(
                Array(text.utf8), path: "x", column: column, ReadingOptions(limit: limit))
            return labels.indices.map { labels.names[Int($0)] }
        }
        #expect(try read(text, column: "species") == ["2", "16777217"])
        #expect(try read(text, column: "2") == ["2", "16777217"])
        #expect(try read(text, column: "species", limit: 1) == ["2"])
        #expect(try read("label\n3\n0\n") == ["3", "0"])
        #expect(try read("a\nb\na\n") == ["a", "b", "a"])
        #expect(try read("kind\nb\na\nb\n") == ["b", "a", "b"])
        #expect(try read("1,0,0\n0,0,1\n") == ["0", "2"])
        #expect(try read("-1\n1.0\n+1\n1e0\n") == ["-1", "1", "1", "1"])
        #expect(code { try read(text) } == .wrongShape)
        #expect(code { try read(text, column: "z") } == .noSuchColumn)
        #expect(code { try read("1,2\n", column: "3") } == .noSuchColumn)
        for label in ["1.5", "", "NA"] {
            #expect(code { try read("a,b\n0,\(label)\n", column: "b") } == .malformedRow)
        }
    }

    @Test(arguments: [
        ("1,2\n3,x\n", "1 cell is no number: column 2 has 1, line 2: 'x'"),
        ("a,b\n1,2\n3,nan", "column 'b' has 1, line 3: 'nan'"),
        ("1,2\n3,\n", "column 2 has 1, line 2: there is nothing"),
        ("a,b\nx,y\n1,\nz,3\n", "4 cells are no numbers: column 'a' has 2, line 2: 'x'; column 'b' has 2"),
        ("5,6\n3\n", "1 line has another number of columns than the 2 of the first: line 2 has 1 columns"),
        ("5,6\n3,4,5\n", "line 2 has 3 columns"), ("1\n\n2\n", "line 2 is empty"), ("", "there is nothing in it"),
        ("a,b\n", "there are no samples"), ("1,2\n3,\"4\n", "the quotation mark that opens on line 2 is not closed"),
        ("1,2\n3,\"4\"5\n", "line 2, column 2: a letter follows"), ("1,2\n3,1e99\n", "line 2: '1e99'"),
        ("\"a\nb\"\n1\nx\n", "line 4: 'x'"), ("1\n1.2.3\n", "line 2: '1.2.3'"),
        ("1\n\u{1B}[2J\n", "'\\u{1b}[2J'"),
        // The first line could be either.
        ("0,1,2\n5,7,9\n", "its first line counts up"),
        ("id,2019,2021\n1,2,3\n", "its first line has words, such as 'id', and numbers"),
        ("0x10,2\n1,2\n", "such as '0x10', and numbers"), ("1_000,2\n3,4\n", "such as '1_000'"),
        ("-5%,2\n3,4\n", "such as '-5%'"), ("\u{2212}5,2\n3,4\n", "such as '\u{2212}5'"),
        ("1st,2nd\n3,4\n", "such as '1st'"), ("2024-01,2\n2024-02,3\n", "column 1 has 2, line 1: '2024-01'"),
        ("1:2\n3:4\n", "fields can be parted by tabs, semicolons"),
        ("x\n1,5\n", "mend these lines; fields are taken to be parted by commas here"),
        // A gap makes no names.
        ("1,NA,3\n4,5,6\n", "column 2 has 1, line 1: 'NA'"),
        ("1,,3\n4,5,6\n", "column 2 has 1, line 1: there is nothing"),
    ]) func whatIsWrongIsSaidWithItsPlace(text: String, expected: String) {
        let error = #expect(throws: DataError.self) { try Self.read(text) }
        #expect(error?.description.contains(expected) == true, "\(error?.description ?? "")")
    }

    /// The same table in another dialect gives the same numbers.
    @Test(arguments: [",", ";", "\t", "|", " ", "   "], ["", "\u{FEFF}"]) func everyDelimiter(
        delimiter: String, start: String
    ) throws {
        let rows = [["-1.5", "2", "1e3"], ["4", "0.25", "7"], ["3", "3", "3"]]
        let text = rows.map { $0.joined(separator: delimiter) + "\n" }.joined()
        let expected = SampleTable.Numbers.float32([-1.5, 2, 1_000, 4, 0.25, 7, 3, 3, 3])
        #expect(try Self.read(start + text).numbers == expected)
        #expect(try Self.read(start + ["a", "b", "c"].joined(separator: delimiter) + "\n" + text).numbers == expected)
        #expect(try Self.read(start + "# made by hand\n" + text).numbers == expected)
        guard delimiter != "," else { return }
        #expect(try Self.read(start + text.replacing(".", with: ",")).numbers == expected)
    }

    /// Names may begin with digits where others do not, and letters of any alphabet are letters.
    @Test(arguments: ["t2m,10u\n", "\u{6E29}1,h\n", "id,0,1\n", "a,1.5x\n"]) func wordsAboveNumbersAreNames(
        first: String
    ) throws {
        let width = first.split(separator: ",").count
        let row = (0..<width).map { "\($0).5" }.joined(separator: ",") + "\n"
        let found = try Self.read(first + row + row)
        #expect(found.count == 2 && found.columns?.count == width)
    }

    /// Commas that blanks part are decimal ones; those with a blank beside them part fields.
    @Test func blanksPartNumbersWithDecimalCommas() throws {
        let found = try Self.read("1,5 2,5\n3,5  4,5\n")
        #expect(found.numbers == .float32([1.5, 2.5, 3.5, 4.5]) && found.sampleShape == [2])
        #expect(found.remarks.contains { $0.contains("a comma in a number was read as the decimal point") })
        for text in ["1, 2\n3, 4\n", "1 ,2\n3 ,4\n", "1 , 2\n3 , 4\n"] {
            #expect(try Self.read(text).numbers == .float32([1, 2, 3, 4]), "\(text)")
        }
        let dates = #expect(throws: DataError.self) { try Self.read("2024-01-01 00:00,5\n2024-01-02 00:00,6\n") }
        #expect(dates?.description.contains("column 1 has 2, line 1: '2024-01-01 00:00'") == true)
    }

    @Test func aFirstLineThatCountsUpIsSaid() throws {
        for text in ["2019,2020,2021\n1,2,3\n4,5,6\n", "2019,2020,2021\n5,2,3\n4,5,6\n"] {
            let found = try Self.read(text)
            #expect(found.count == 3)
            #expect(found.remarks.contains { $0.contains("its first line counts up and was taken as a sample") })
        }
    }

    @Test func namesThatAreNumbersAndAnIndexAreKnown() throws {
        let (names, values) = ((0..<9).map(String.init), (0..<9).map { "0.\($0)" })
        let line = values.joined(separator: ",")
        let plain = try Self.read(names.joined(separator: ",") + "\n\(line)\n\(line)\n")
        #expect((plain.count, plain.columns) == (2, names))
        #expect(plain.remarks.count == 1)
        let indexed = try Self.read("," + names.joined(separator: ",") + "\n0,\(line)\n1,\(line)\n")
        #expect((indexed.count, indexed.columns) == (2, names))
        #expect(indexed.numbers == plain.numbers)
        #expect(indexed.remarks.count == 2)
        #expect(code { try Self.read(",a\n0,1\n5,2\n") } == .malformedRow)
        let bytes = Array("1,2,3\n7,5,6\n".utf8)
        #expect(try CSV.samples(bytes, path: "x", ReadingOptions(header: true)).count == 1)
        #expect(try CSV.samples(bytes, path: "x", ReadingOptions(header: false)).count == 2)
    }

    /// pandas writes 0 above a column without a name. Whether it does shows in the number of labels, where all are read.
    @Test func aZeroAboveLimitedLabelsIsSaid() throws {
        func labels(_ text: String, _ options: ReadingOptions) throws -> ClassLabels {
            try CSV.labels(Array(text.utf8), path: "x", options)
        }
        let text = "0\n3\n5\n3\n"
        #expect(try labels(text, ReadingOptions()).remarks == [])
        let some = try labels(text, ReadingOptions(limit: 3))
        #expect(some.indices == [0, 1, 2] && some.remarks.count == 1)
        #expect(some.remarks.first?.contains("its first line '0' was taken as a label; say header: true") == true)
        let named = try labels(text, ReadingOptions(limit: 3, header: true))
        #expect(named.names == ["3", "5"] && named.indices == [0, 1, 0] && named.remarks == [])
        #expect(try labels(text, ReadingOptions(limit: 3, header: false)).remarks == [])
        #expect(try labels("1\n0\n", ReadingOptions(limit: 2)).remarks == [])
    }

    /// A gap anywhere is found, with its line.
    @Test func aGapAnywhereIsFound() {
        for row in 0..<4 {
            for column in 0..<3 {
                var cells = (0..<4).map { row in (0..<3).map { "\(row * 5 + $0 * $0 + 2).5" } }
                cells[row][column] = ["", "NA", "?", "nan"][row]
                let text = cells.map { $0.joined(separator: ",") }.joined(separator: "\n")
                let error = #expect(throws: DataError.self) { try Self.read(text) }
                #expect(error?.description.contains("column \(column + 1) has 1, line \(row + 1)") == true)
            }
        }
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
