import Glibc

/// How much memory this process may have.
package enum AvailableMemory {
    /// What the machine has, or what the process' control group leaves of it: a container's or a service's limit.
    package static let bytes: Int = {
        let machine = sysconf(CInt(_SC_PHYS_PAGES)) * sysconf(CInt(_SC_PAGESIZE))
        let groups = contents(of: "/proc/self/cgroup").map(limitFiles) ?? []
        // The file says `max` where there is no limit.
        return groups.compactMap { contents(of: $0).flatMap { Int($0) } }.reduce(machine, min)
    }()

    /// The files with the limits of a process' groups, its own and those above.
    ///
    /// - Parameter cgroup: the text of /proc/PID/cgroup: a line `0::PATH` for version 2, `NUMBER:memory:PATH` for 1.
    package static func limitFiles(_ cgroup: String) -> [String] {
        cgroup.split(separator: "\n").flatMap { line -> [String] in
            let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            guard fields.count == 3 else { return [] }
            let (folder, file): (String, String)
            switch fields[1] {
            case "": (folder, file) = ("/sys/fs/cgroup", "memory.max")
            case "memory": (folder, file) = ("/sys/fs/cgroup/memory", "memory.limit_in_bytes")
            default: return []
            }
            let names = fields[2].split(separator: "/").map(String.init)
            return (0...names.count).map { ([folder] + names.prefix($0) + [file]).joined(separator: "/") }
        }
    }

    private static func contents(of path: String) -> String? {
        guard let file = fopen(path, "r") else { return nil }
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: 4_096)
        let count = fread(&bytes, 1, bytes.count, file)
        let text = String(decoding: bytes.prefix(count), as: UTF8.self)
        return text.split(separator: "\n").joined(separator: "\n")
    }
}
