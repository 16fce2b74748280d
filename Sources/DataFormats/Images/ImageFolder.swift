import Glibc
import PrintableText

/// A folder of PNG and JPEG pictures of one size, each a sample; or of subfolders with them, each a class. Both count in
/// the order of their names' bytes. What is hidden is left alone.
struct ImageFolder {
    static let largestFileCount = 10_000_000

    let path: String
    /// The names of the subfolders; empty where the pictures lie in the folder itself.
    let classes: [String]
    /// From the folder on.
    private let files: [(name: String, label: Int32)]

    /// Lists the folder; no picture is opened.
    ///
    /// - Throws: `.unreadable`, `.unknownFormat` for what is neither a picture's file nor a class, or `.wrongShape` where
    ///   there are no pictures.
    init(_ path: String) throws(DataError) {
        self.path = path
        let top = try Self.list(path)
        var files: [(String, Int32)] = []
        if top.folders.isEmpty {
            files = top.files.map { ($0, 0) }
        } else if let stray = top.files.first {
            throw DataError(
                .unknownFormat, at: path, "'\(stray.printable())' lies beside subfolders, so its class is not known",
                hint: "move it into a subfolder")
        }
        for (label, folder) in top.folders.enumerated() {
            let below = try Self.list("\(path)/\(folder)")
            if let deeper = below.folders.first {
                throw DataError(
                    .unknownFormat, at: "\(path)/\(folder)", "'\(deeper.printable())' is a folder in a class's folder",
                    hint: "a class has pictures only")
            }
            files += below.files.map { ("\(folder)/\($0)", Int32(label)) }
            guard files.count <= Self.largestFileCount else {
                throw DataError(.tooLarge, at: path, "it has more than \(Self.largestFileCount) files")
            }
        }
        guard !files.isEmpty else {
            throw DataError(.wrongShape, at: path, "there are no pictures in it", hint: "name a folder of PNG or JPEG")
        }
        classes = top.folders
        self.files = files
    }

    var count: Int { files.count }

    /// The class of each of the first `limit` pictures.
    func labels(limit: Int? = nil) throws(DataError) -> [Int32] {
        guard !classes.isEmpty else {
            throw DataError(
                .wrongShape, at: path, "it has no subfolders, so its pictures have no classes",
                hint: "make a subfolder for each class")
        }
        return files.prefix(limit ?? .max).map(\.label)
    }

    /// Decodes the first `limit` pictures.
    ///
    /// - Parameter progress: is told how many are decoded, and of how many.
    func samples(
        limit: Int? = nil, progress: (_ done: Int, _ total: Int) -> Void = { _, _ in }
    ) throws(DataError) -> SampleTable {
        let files = files.prefix(limit ?? .max)
        var pixels: [UInt8] = []
        var shape: [Int] = []
        for (done, file) in files.enumerated() {
            progress(done, files.count)
            let path = "\(path)/\(file.name)"
            let image = try Image(decoding: FileBytes.read(path, limit: Image.largestFile), path: path)
            if shape.isEmpty {
                shape = image.shape
                guard files.count <= SampleTable.largestCount / image.pixels.count else {
                    throw DataError(.tooLarge, at: self.path, "\(files.count) pictures like its first are too many")
                }
                pixels.reserveCapacity(files.count * image.pixels.count)
            }
            guard image.shape == shape else {
                throw DataError(
                    .wrongShape, at: path,
                    "its shape \(image.shape) is not the \(shape) of the first picture,"
                        + " '\(files[0].name.printable())'", hint: "make all pictures alike")
            }
            pixels += image.pixels
        }
        return SampleTable(count: files.count, sampleShape: shape, numbers: .uint8(pixels))
    }

    func bytesOnDisk() throws(DataError) -> Int {
        var total = 0
        for file in files { total += try ByteSource(opening: "\(path)/\(file.name)").bytesOnDisk }
        return total
    }

    /// What is in a folder, in the order of the names' bytes.
    private static func list(_ path: String) throws(DataError) -> (files: [String], folders: [String]) {
        guard let folder = opendir(path) else {
            throw DataError(.unreadable, at: path, String(cString: strerror(errno)), hint: "check its permissions")
        }
        defer { closedir(folder) }
        var (files, folders): ([String], [String]) = ([], [])
        while let entry = readdir(folder) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: Int(NAME_MAX) + 1) { String(validatingCString: $0) }
            }
            guard let name else {
                throw DataError(.unreadable, at: path, "a name in it is not UTF-8", hint: "rename that file")
            }
            if name.hasPrefix(".") { continue }
            var information = stat()
            guard stat("\(path)/\(name)", &information) == 0 else {
                throw DataError(.unreadable, at: "\(path)/\(name)", String(cString: strerror(errno)))
            }
            if information.st_mode & S_IFMT == S_IFDIR {
                folders.append(name)
            } else {
                files.append(name)
            }
            guard files.count + folders.count <= largestFileCount else {
                throw DataError(.tooLarge, at: path, "it has more than \(largestFileCount) files")
            }
        }
        let byBytes: (String, String) -> Bool = { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        return (files.sorted(by: byBytes), folders.sorted(by: byBytes))
    }
}
