/// Samples that are fetched row by row and need not fit into memory: straight from a file where it is an unpacked IDX or
/// NPY file, else from where they were decoded to.
package struct SampleRows {
    package let count: Int
    /// One sample's, such as [28, 28].
    package private(set) var sampleShape: [Int]
    /// `|u1` or `<f4`: what `forEachPart` hands over.
    package let type: NPY.ElementType
    private let storage: Storage
    /// Each number's name, where the file has names for its columns.
    package private(set) var columns: [String]?
    /// How the file stores the numbers, such as `int64`, or `text`.
    package let elementType: String
    /// Whether they are decoded images.
    package let isImages: Bool
    /// What was guessed while they were opened, a sentence each.
    private var guesses: [String] = []
    /// What a person should know of them, a sentence each: complete once all rows were read.
    package var remarks: [String] {
        guard case .file(let file) = storage else { return guesses }
        return guesses + file.rounded.remarks(path: file.path, sampleShape: sampleShape)
    }
    /// Which of the stored numbers make up a row; nil for all, in their order.
    private var places: [Int]?

    /// Rows of some of the numbers, in another order.
    package func selecting(_ chosen: [Int]) -> SampleRows {
        var rows = self
        rows.places = chosen.map { places?[$0] ?? $0 }
        rows.sampleShape = [chosen.count]
        rows.columns = columns.map { names in chosen.map { names[$0] } }
        return rows
    }

    private enum Storage {
        case table(SampleTable)
        case file(RowFile)
        case spool(RowSpool)
    }

    /// How many numbers a sample has.
    package var size: Int { sampleShape.reduce(1, *) }

    package init(_ table: SampleTable) {
        count = table.count
        sampleShape = table.sampleShape
        type = table.numbers.type
        storage = .table(table)
        columns = table.columns
        isImages = table.isImages
        elementType = table.elementType
        guesses = table.remarks
    }

    init(_ file: RowFile, limit: Int?) {
        count = min(file.array.shape[0], limit ?? .max)
        sampleShape = Array(file.array.shape.dropFirst())
        type = file.array.type.isByte ? .uint8 : .float32
        storage = .file(file)
        elementType = file.array.type.rawValue
        isImages = false
    }

    /// - Parameter spool: has all rows.
    init(
        _ spool: RowSpool, shape: [Int], type: NPY.ElementType, elementType: String, columns: [String]? = nil,
        isImages: Bool = false, remarks: [String] = []
    ) {
        count = spool.count
        sampleShape = shape
        self.type = type
        storage = .spool(spool)
        (self.columns, self.elementType, self.isImages) = (columns, elementType, isImages)
        guesses = remarks
    }

    /// All rows in memory.
    package func table() throws(DataError) -> SampleTable {
        let numbers: SampleTable.Numbers =
            switch type {
            case .uint8: .uint8(try self.numbers())
            case .float32: .float32(try self.numbers())
            }
        var table = SampleTable(count: count, sampleShape: sampleShape, numbers: numbers)
        (table.columns, table.elementType) = (columns, elementType)
        (table.isImages, table.remarks) = (isImages, remarks)
        return table
    }

    private func numbers<Value: ExpressibleByIntegerLiteral>() throws(DataError) -> [Value] {
        var numbers = [Value](repeating: 0, count: count * size)
        try numbers.withUnsafeMutableBufferPointer { buffer throws(DataError) in
            try copy(Array(0..<Int32(count))[...], to: UnsafeMutableRawBufferPointer(buffer))
        }
        return numbers
    }

    /// The most bytes that are handed over at once, apart from a single row that has more.
    private static let partBytes = 1 << 20

    /// Hands the rows `places` over in that order, as the bytes of their numbers, so many at once as fit into a small
    /// buffer.
    /// - Throws: what `body` throws; of a file `.truncated`, `.unreadable` or `.notFinite`.
    package func forEachPart(
        of places: ArraySlice<Int32>, _ body: (UnsafeRawBufferPointer) throws -> Void
    ) throws {
        let rowBytes = size * type.bytes
        let rowsAtOnce = max(1, min(Self.partBytes / rowBytes, places.count))
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: rowsAtOnce * rowBytes, alignment: 16)
        defer { buffer.deallocate() }
        for start in stride(from: places.startIndex, to: places.endIndex, by: rowsAtOnce) {
            let part = places[start..<min(start + rowsAtOnce, places.endIndex)]
            let filled = UnsafeMutableRawBufferPointer(rebasing: buffer[..<(part.count * rowBytes)])
            try copy(part, to: filled)
            try body(UnsafeRawBufferPointer(filled))
        }
    }

    /// Hands all rows over in their order, part by part.
    package func forEachPart(_ body: (UnsafeRawBufferPointer) throws -> Void) throws {
        let step = 1 << 16
        for start in stride(from: 0, to: count, by: step) {
            try forEachPart(of: Array(Int32(start)..<Int32(min(start + step, count)))[...], body)
        }
    }

    /// Whether each sample is like the first; the rest is not read once one is not.
    package func areAllAlike() throws -> Bool {
        struct Difference: Error {}
        var first: [UInt8] = []
        let rowBytes = size * type.bytes
        do {
            try forEachPart { part in
                if first.isEmpty { first = Array(part.prefix(rowBytes)) }
                for start in stride(from: 0, to: part.count, by: rowBytes) {
                    guard part[start..<start + rowBytes].elementsEqual(first) else { throw Difference() }
                }
            }
        } catch is Difference { return false }
        return true
    }

    private func copy(_ rows: ArraySlice<Int32>, to out: UnsafeMutableRawBufferPointer) throws(DataError) {
        guard let places else { return try copyWhole(rows, to: out) }
        let stored = storedSize * type.bytes
        let whole = UnsafeMutableRawBufferPointer.allocate(byteCount: rows.count * stored, alignment: 16)
        defer { whole.deallocate() }
        try copyWhole(rows, to: whole)
        let bytes = type.bytes
        for row in 0..<rows.count {
            for (place, from) in places.enumerated() {
                let target = (row * places.count + place) * bytes
                UnsafeMutableRawBufferPointer(rebasing: out[target..<target + bytes]).copyMemory(
                    from: UnsafeRawBufferPointer(
                        rebasing: whole[row * stored + from * bytes..<row * stored + (from + 1) * bytes]))
            }
        }
    }

    private var storedSize: Int {
        switch storage {
        case .table(let table): table.size
        case .file(let file): file.array.shape.dropFirst().reduce(1, *)
        case .spool(let spool): spool.rowBytes / type.bytes
        }
    }

    private func copyWhole(_ rows: ArraySlice<Int32>, to out: UnsafeMutableRawBufferPointer) throws(DataError) {
        switch storage {
        case .table(let table): table.copy(rows, to: out)
        case .file(let file): try file.read(rows, to: out)
        case .spool(let spool): try spool.read(rows, to: out)
        }
    }
}

extension SampleTable {
    fileprivate func copy(_ places: ArraySlice<Int32>, to out: UnsafeMutableRawBufferPointer) {
        let rowBytes = size * numbers.type.bytes
        numbers.withUnsafeBytes { all in
            for (place, row) in places.enumerated() {
                let from = UnsafeRawBufferPointer(rebasing: all[Int(row) * rowBytes..<(Int(row) + 1) * rowBytes])
                UnsafeMutableRawBufferPointer(rebasing: out[(place * rowBytes)...]).copyMemory(from: from)
            }
        }
    }
}

/// What the beginning of a file of samples says of them.
package struct SampleHeader: Hashable, Sendable {
    package var count: Int
    /// One sample's, such as [28, 28].
    package var sampleShape: [Int]
    /// How many bytes a number takes once the samples are cut into shards.
    package var numberBytes: Int
    /// Whether `count` follows from the length of a text file's first lines.
    package var isEstimate: Bool

    package init(count: Int, sampleShape: [Int], numberBytes: Int, isEstimate: Bool = false) {
        (self.count, self.sampleShape, self.numberBytes) = (count, sampleShape, numberBytes)
        self.isEstimate = isEstimate
    }
}
