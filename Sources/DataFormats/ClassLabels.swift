/// Shim.
package struct ClassLabels: Hashable, Sendable {
    package var names: [String]
    package var indices: [Int32]
    package init(names: [String], indices: [Int32]) { self.names = names; self.indices = indices }
    init(_ labels: [Int32], names: [String]? = nil) {
        let distinct = Set(labels).sorted()
        let places = Dictionary(uniqueKeysWithValues: distinct.enumerated().map { ($1, Int32($0)) })
        self.names = distinct.map { names?[Int($0)] ?? "\($0)" }
        indices = labels.map { places[$0] ?? 0 }
    }
}
extension SampleFile {
    package static func labels(_ path: String, limit: Int?) throws(DataError) -> ClassLabels {
        let labels: [Int32] = try labels(path)
        return ClassLabels(Array(labels.prefix(limit ?? .max)))
    }
    package static func labels(column: String, ofCSV path: String, limit: Int?) throws(DataError) -> ClassLabels {
        guard case .csv(let source) = try open(path) else { throw DataError(.unknownFormat, at: path, "no CSV") }
        return ClassLabels(try CSV.labels(source, column: column, limit: limit))
    }
    package static func folderLabels(_ path: String, limit: Int?) throws(DataError) -> ClassLabels {
        guard case .images(let folder) = try open(path) else { throw DataError(.unknownFormat, at: path, "no folder") }
        return ClassLabels(try folder.labels(limit: limit), names: folder.classes)
    }
}
