package import DataFormats
import FoundationEssentials
import Glibc

extension EventFile {
    /// Writes the file into `folder`, or adds to the one that is there what it lacks. A program that has that one open reads on
    /// where it was; a file that was renamed over it would never be seen.
    ///
    /// - Returns: the file's path.
    /// - Throws: whenever it cannot be read or written.
    package func write(in folder: String) throws(DataError) -> String {
        let path = "\(folder)/\(name)"
        let descriptor = open(path, O_RDWR | O_APPEND | O_CLOEXEC)
        guard descriptor >= 0 else {
            try AtomicFile.write(Data(bytes), to: path)
            return path
        }
        defer { close(descriptor) }
        // Two that write at once would both add the same.
        flock(descriptor, LOCK_EX)
        guard let addition = addition(to: try FileBytes.read(path)) else {
            try AtomicFile.write(Data(bytes), to: path)
            return path
        }
        var rest = addition[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw Self.failure(path) }
            rest = rest.dropFirst(count)
        }
        guard fsync(descriptor) == 0 else { throw Self.failure(path) }
        return path
    }

    private static func failure(_ path: String) -> DataError {
        DataError(
            .unwritable, at: path, "cannot be written: \(String(cString: strerror(errno)))",
            hint: "the same command goes on with it")
    }
}
