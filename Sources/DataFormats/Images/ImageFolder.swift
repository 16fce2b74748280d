import Glibc
import PrintableText

/// A folder of PNG and JPEG images of one size, each a sample; or of subfolders with them, each a class. Both count in the
/// order of their names' bytes. What is hidden, and what is known to lie about in such folders, is left alone.
struct ImageFolder {
    static let largestFileCount = 10_000_000

    let path: String
    /// The names of the subfolders; empty where the images lie in the folder itself.
    let classes: [String]
    /// What was passed over, a sentence each.
    let remarks: [String]
    /// From the folder on.
    private let files: [(name: String, label: Int32)]
    private let directory: ImageDirectory

    /// Lists the folder; no image is opened.
    /// - Throws: `.unreadable`, `.unknownFormat` for what is neither an image's file nor a class, or `.wrongShape` where
    ///   there are no images.
    init(_ path: String) throws(DataError) {
        self.path = path
        directory = try ImageDirectory(path)
        var strangers = Strangers()
        let top = try directory.list(nil)
        let names = top.folders.filter { !strangers.isKnown($0, isFolder: true) }
        let loose = top.files.filter { !strangers.isKnown($0) }
        var unreadable = top.unreadable
        var files: [(String, Int32)] = []
        var (classes, empty, deep): ([String], [String], [String]) = ([], [], [])
        if names.isEmpty {
            files = loose.map { ($0, 0) }
        } else if !loose.isEmpty {
            throw DataError(
                .unknownFormat, at: path,
                "\(Self.list(loose)) \(loose.count == 1 ? "lies" : "lie") beside subfolders, so the class is not known",
                hint: "move what are images into subfolders, and the rest out of the folder")
        }
        for name in names {
            let below = try directory.list(name)
            unreadable += below.unreadable.map { "\(name)/\($0)" }
            deep += below.folders.filter { !strangers.isKnown($0, isFolder: true) }.map { "\(name)/\($0)" }
            let images = below.files.filter { !strangers.isKnown($0) }
            guard !images.isEmpty || !below.folders.isEmpty || !below.unreadable.isEmpty else {
                empty.append(name)
                continue
            }
            files += images.map { ("\(name)/\($0)", Int32(classes.count)) }
            classes.append(name)
            guard files.count <= Self.largestFileCount else {
                throw DataError(.tooLarge, at: path, "it has more than \(Self.largestFileCount) files")
            }
        }
        try Self.check(deep: deep, classes: names, path: path)
        guard unreadable.isEmpty else {
            throw DataError(
                .unreadable, at: path,
                "\(unreadable.count) of its names are not UTF-8, such as \(Self.list(unreadable))",
                hint: "rename these files")
        }
        guard !files.isEmpty else {
            throw DataError(.wrongShape, at: path, "there are no images in it", hint: "name a folder of PNG or JPEG")
        }
        (self.classes, self.files) = (classes, files)
        var remarks = strangers.remarks(path: path)
        if !empty.isEmpty {
            remarks.append(
                "\(path.printable()): \(Self.list(empty)) \(empty.count == 1 ? "is" : "are") empty and no class")
        }
        self.remarks = remarks
    }

    private static func list(_ names: [String]) -> String {
        let shown = names.prefix(3).map { "'\($0.printable())'" }.joined(separator: ", ")
        return names.count > 3 ? "\(shown) and \(names.count - 3) more" : shown
    }

    /// Images lie in the folder itself or one level deeper.
    private static func check(deep: [String], classes: [String], path: String) throws(DataError) {
        guard !deep.isEmpty else { return }
        let hint =
            classes.count == 1
            ? "where the classes are its subfolders, name \(path.printable(atMost: 1_000))/\(classes[0].printable())"
            : "move the images up, to CLASS/IMAGE.png"
        throw DataError(
            .unknownFormat, at: path,
            "\(list(deep)) \(deep.count == 1 ? "is a folder" : "are folders") within a class's folder", hint: hint)
    }

    var count: Int { files.count }

    /// The class of each of the first `limit` images.
    func labels(limit: Int? = nil) throws(DataError) -> [Int32] {
        guard !classes.isEmpty else {
            throw DataError(
                .wrongShape, at: path, "it has no subfolders, so its images have no classes",
                hint: "make a subfolder for each class")
        }
        return files.prefix(limit ?? .max).map(\.label)
    }

    /// What `forEach` has found out of all images.
    struct Found {
        var shape: [Int] = []
        var bits = 8
        var remarks: [String] = []
    }

    /// Decodes the first `limit` images, one after the other, and hands over each until one cannot be used; the rest is only
    /// looked at, so that all that is wrong is told at once.
    /// - Parameter progress: is told how many are decoded, and of how many.
    func forEach(
        _ options: ReadingOptions, progress: (_ done: Int, _ total: Int) -> Void,
        _ body: (Image, _ total: Int) throws(DataError) -> Void
    ) throws(DataError) -> Found {
        let files = files.prefix(options.limit ?? .max)
        var (found, bad, isGood) = (Found(), BadFiles(), true)
        var passedOver: [String] = []
        for (done, file) in files.enumerated() {
            progress(done, files.count)
            do throws(DataError) {
                let bytes = try directory.read(file.name, limit: Image.largestFile)
                let image = try Image(decoding: bytes, path: file.name, background: options.background)
                if found.shape.isEmpty {
                    (found.shape, found.bits) = (image.shape, image.bits)
                    guard files.count <= SampleTable.largestCount / image.pixels.count else {
                        throw DataError(.tooLarge, at: path, "\(files.count) images like its first are too many")
                    }
                }
                try check(image, found, first: files[0].name, name: file.name)
                if let remark = image.remark { passedOver.append("'\(file.name.printable())': \(remark.printable())") }
                guard isGood else { continue }
                try body(image, files.count)
            } catch  where error.code != .storageFull && error.code != .unwritable {
                isGood = false
                bad.add(file.name, error)
            }
        }
        try bad.check(of: files.count, path: path)
        found.remarks = remarks
        if !passedOver.isEmpty {
            found.remarks.append(
                "\(path.printable()): \(passedOver.count) of \(files.count) images have damage that decoders pass over,"
                    + " such as \(passedOver.prefix(3).joined(separator: "; "))")
        }
        return found
    }

    private func check(_ image: Image, _ found: Found, first: String, name: String) throws(DataError) {
        guard image.shape == found.shape else {
            throw DataError(
                .wrongShape, at: name,
                "its shape \(image.shape) is not the \(found.shape) of the first image, '\(first.printable())'",
                hint: "make all images alike")
        }
        guard image.bits == found.bits else {
            throw DataError(
                .wrongShape, at: name,
                "its \(image.bits) bits a channel are not the \(found.bits) of the first image, '\(first.printable())'",
                hint: "make all images alike")
        }
    }

    /// Decodes the first images to where they need not fit into memory.
    func rows(
        _ options: ReadingOptions, progress: (_ done: Int, _ total: Int) -> Void
    ) throws(DataError) -> SampleRows {
        var spool: RowSpool?
        let found = try forEach(options, progress: progress) { image, total throws(DataError) in
            let bytes = image.pixels.count * image.pixels.type.bytes
            if spool == nil { spool = try RowSpool(path: path, rowBytes: bytes, expected: total) }
            switch image.pixels {
            case .uint8(let values): try spool?.append(values, as: UInt8.self)
            case .float32(let values): try spool?.append(values, as: Float.self)
            }
        }
        guard let spool else { throw DataError(.wrongShape, at: path, "there are no images in it") }
        return SampleRows(
            spool, shape: found.shape, type: found.bits == 8 ? .uint8 : .float32,
            elementType: found.bits == 8 ? "uint8" : "uint16", isImages: true, remarks: found.remarks)
    }

    func bytesOnDisk() throws(DataError) -> Int {
        var total = 0
        for file in files { total += try directory.size(file.name) }
        return total
    }
}

/// Files and folders that programs and people leave among images.
private struct Strangers {
    private static let names: Set<String> = [
        "thumbs.db", "ehthumbs.db", "desktop.ini", "__macosx", "@eadir", "icon\r",
    ]
    /// What stands beside images to describe them.
    private static let endings: Set<Substring> = [
        "txt", "md", "rst", "csv", "tsv", "json", "jsonl", "xml", "yaml", "yml", "db", "ini", "log", "html",
    ]

    private var found: [String] = []

    /// Whether it is passed over.
    mutating func isKnown(_ name: String, isFolder: Bool = false) -> Bool {
        let small = name.lowercased()
        let ending = small.split(separator: ".").last
        let isText =
            !isFolder
            && (["readme", "license", "licence"].contains { small == $0 }
                || small.contains(".") && ending.map(Self.endings.contains) == true)
        guard Self.names.contains(small) || isText else { return false }
        found.append(name)
        return true
    }

    func remarks(path: String) -> [String] {
        guard !found.isEmpty else { return [] }
        let list = found.prefix(3).map { "'\($0.printable())'" }.joined(separator: ", ")
        return [
            "\(path.printable()): left out as no images: \(found.count == 1 ? "" : "\(found.count) files, such as ")\(list)"
        ]
    }
}

/// Files of a folder that cannot be read as images: told all at once, counted, with examples.
struct BadFiles {
    private static let shown = 3

    private var count = 0
    private var code = DataError.Code.malformedImage
    private var examples: [String] = []
    private var hint: String?

    mutating func add(_ name: String, _ error: DataError) {
        if count == 0 { (code, hint) = (error.code, error.hint) }
        // Where they are bad for different reasons, no one way out serves all.
        if error.hint != hint { hint = "mend them, or take them out of the folder" }
        count += 1
        if examples.count < Self.shown { examples.append("'\(name.printable())': \(error.message)") }
    }

    /// - Throws: the first one's code where there are any.
    func check(of total: Int, path: String) throws(DataError) {
        guard count > 0 else { return }
        let list = examples.joined(separator: "; ")
        let more = count > Self.shown ? "; \(count - Self.shown) more" : ""
        throw DataError(
            code, at: path, "\(count) of its \(total) files cannot be used: \(list)\(more)", hint: hint)
    }
}
