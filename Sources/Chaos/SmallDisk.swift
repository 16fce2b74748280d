import FoundationEssentials
import Glibc

/// A file system of its own, that can be filled.
final class SmallDisk {
    let path: String
    private(set) var isFull = false
    private var filler: String { path + "/filler" }

    /// - Returns: nil where none can be mounted, for which one must be root and not in too narrow a container.
    init?(at path: String, mebibytes: Int) {
        guard (try? FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)) != nil,
            mount("tmpfs", path, "tmpfs", 0, "size=\(mebibytes)m") == 0
        else { return nil }
        self.path = path
    }

    deinit { umount2(path, Int32(MNT_DETACH)) }

    /// Takes all the room that is left.
    func fill() {
        isFull = true
        let file = open(filler, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
        defer { close(file) }
        var size = 1 << 30
        while size > 0 {
            let end = lseek(file, 0, SEEK_END)
            if posix_fallocate(file, end, size) != 0 { size /= 2 }
        }
    }

    func makeRoom() {
        unlink(filler)
        isFull = false
    }
}
