import Glibc

/// A folder whose files are opened where they really lie: nothing outside of it is read, whatever links say, and nothing but
/// files is opened.
final class ImageDirectory {
    /// What is in a folder, in the order of the names' bytes.
    struct Listing {
        var files: [String] = []
        var folders: [String] = []
        /// Names that are not UTF-8, as far as they can be shown.
        var unreadable: [String] = []
    }

    let path: String
    private let descriptor: Int32
    /// Where the folder really lies.
    private let place: String

    /// - Throws: `.unreadable`.
    init(_ path: String) throws(DataError) {
        self.path = path
        descriptor = open(path, pathOnly | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw Self.unreadable(path) }
        guard let place = Self.place(of: descriptor) else {
            close(descriptor)
            throw DataError(.unreadable, at: path, "where it lies cannot be found out", hint: "mount /proc")
        }
        self.place = place == "/" ? "" : place
    }

    deinit { close(descriptor) }

    /// Reads a file.
    /// - Throws: `.unreadable` for what lies elsewhere or is no file; `.tooLarge`.
    func read(_ name: String, limit: Int) throws(DataError) -> [UInt8] {
        let (held, information) = try hold(name)
        defer { close(held) }
        guard information.st_mode & S_IFMT == S_IFREG else {
            throw DataError(.unreadable, at: name, "it is no file", hint: "keep only images in the folder")
        }
        // What is held is opened, not what may lie under that name by now.
        let file = open("/proc/self/fd/\(held)", O_RDONLY | O_NONBLOCK | O_CLOEXEC)
        guard file >= 0 else { throw Self.unreadable(name) }
        defer { close(file) }
        let size = Int(information.st_size)
        guard size <= limit else { throw DataError(.tooLarge, at: name, "it has \(size) bytes; \(limit) can be read") }
        var failure: Int32 = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
            let filled = readAll(file, at: 0, into: UnsafeMutableRawBufferPointer(buffer))
            failure = filled == nil ? errno : 0
            count = filled ?? 0
        }
        guard failure == 0 else { throw DataError(.unreadable, at: name, String(cString: strerror(failure))) }
        return bytes
    }

    /// How many bytes a file has.
    func size(_ name: String) throws(DataError) -> Int {
        let (held, information) = try hold(name)
        close(held)
        return Int(information.st_size)
    }

    /// - Parameter name: of a folder in it; nil for itself.
    func list(_ name: String?) throws(DataError) -> Listing {
        let held = try name.map { name throws(DataError) in try hold(name).descriptor } ?? dup(descriptor)
        defer { close(held) }
        let shown = name.map { "\(path)/\($0)" } ?? path
        guard let folder = opendir("/proc/self/fd/\(held)") else { throw Self.unreadable(shown) }
        defer { closedir(folder) }
        var listing = Listing()
        while let entry = readdir(folder) {
            let (valid, raw, type) = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: Int(NAME_MAX) + 1) {
                    (String(validatingCString: $0), String(cString: $0), entry.pointee.d_type)
                }
            }
            if raw.hasPrefix(".") { continue }
            guard let valid else {
                listing.unreadable.append(raw)
                continue
            }
            if try isFolder(name.map { "\($0)/\(valid)" } ?? valid, type) {
                listing.folders.append(valid)
            } else {
                listing.files.append(valid)
            }
            guard listing.files.count + listing.folders.count <= ImageFolder.largestFileCount else {
                throw DataError(.tooLarge, at: shown, "it has more than \(ImageFolder.largestFileCount) files")
            }
        }
        let byBytes: (String, String) -> Bool = { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        listing.files.sort(by: byBytes)
        listing.folders.sort(by: byBytes)
        return listing
    }

    /// A link is what it leads to; one that leads nowhere is told with the files.
    private func isFolder(_ name: String, _ type: UInt8) throws(DataError) -> Bool {
        if type == UInt8(DT_DIR) { return true }
        guard type == UInt8(DT_LNK) || type == UInt8(DT_UNKNOWN) else { return false }
        var information = stat()
        return fstatat(descriptor, name, &information, 0) == 0 && information.st_mode & S_IFMT == S_IFDIR
    }

    /// Finds what is under a name without opening it.
    private func hold(_ name: String) throws(DataError) -> (descriptor: Int32, information: stat) {
        let held = openat(descriptor, name, pathOnly | O_CLOEXEC)
        guard held >= 0 else {
            guard errno == ENOENT else { throw Self.unreadable(name) }
            throw DataError(
                .unreadable, at: name, "it is a link that leads nowhere", hint: "put the file itself there")
        }
        var information = stat()
        guard fstat(held, &information) == 0, let place = Self.place(of: held) else {
            close(held)
            throw Self.unreadable(name)
        }
        guard place.hasPrefix(self.place + "/") || place == self.place else {
            close(held)
            throw DataError(
                .unreadable, at: name, "it is a link that leads out of the folder", hint: "put the file itself there")
        }
        return (held, information)
    }

    private static func place(of descriptor: Int32) -> String? {
        var buffer = [UInt8](repeating: 0, count: Int(PATH_MAX) + 1)
        let count = buffer.withUnsafeMutableBytes { bytes in
            bytes.withMemoryRebound(to: CChar.self) { characters in
                characters.baseAddress.map { readlink("/proc/self/fd/\(descriptor)", $0, characters.count) } ?? -1
            }
        }
        guard count > 0 else { return nil }
        return String(decoding: buffer.prefix(count), as: UTF8.self)
    }

    private static func unreadable(_ path: String) -> DataError {
        DataError(.unreadable, at: path, String(cString: strerror(errno)), hint: "check its permissions")
    }
}

/// Linux' flag for a descriptor that only says where something is.
private let pathOnly: Int32 = 0o10_000_000
