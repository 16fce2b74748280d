import Glibc

/// The control groups of this process: what a container, a service or a batch system lets it have.
package enum ControlGroup {
    /// What /proc/self/cgroup says: a line `0::PATH` for version 2, `NUMBER:CONTROLLERS:PATH` for 1.
    static var own: String { KernelFile.contents(of: "/proc/self/cgroup") ?? "" }

    /// The files of a process' groups, its own and those above, the root first.
    /// - Parameters:
    ///   - cgroup: the text of /proc/PID/cgroup.
    ///   - second: what the file is called in version 2.
    ///   - controller: whose groups count in version 1, such as `memory`.
    ///   - first: what the file is called there.
    static func files(_ cgroup: String, _ second: String, controller: String, _ first: String) -> [String] {
        cgroup.split(separator: "\n").flatMap { line -> [String] in
            let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            guard fields.count == 3 else { return [] }
            let (root, names) = ("/sys/fs/cgroup", fields[2].split(separator: "/").map(String.init))
            func paths(_ folder: String, _ file: String) -> [String] {
                (0...names.count).map { ([folder] + names.prefix($0) + [file]).joined(separator: "/") }
            }
            if fields[1].isEmpty { return paths(root, second) }
            guard fields[1].split(separator: ",").contains(Substring(controller)) else { return [] }
            // Controllers that are mounted together have a folder of all their names, and links of one name each.
            let folders = fields[1] == controller ? [controller] : [String(fields[1]), controller]
            return folders.flatMap { paths("\(root)/\($0)", first) }
        }
    }
}

/// Small files with which the kernel tells something.
enum KernelFile {
    /// - Returns: the first 8 KiB of a file, without the line feed at their end.
    static func contents(of path: String) -> String? {
        guard let file = fopen(path, "r") else { return nil }
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: 8_192)
        let count = fread(&bytes, 1, bytes.count, file)
        let text = String(decoding: bytes.prefix(count), as: UTF8.self)
        return text.split(separator: "\n").joined(separator: "\n")
    }
}
