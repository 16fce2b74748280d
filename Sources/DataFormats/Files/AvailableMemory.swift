import Glibc

/// How much memory this process may have.
package enum AvailableMemory {
    /// What the machine has, or less where the process' control group (a container's or a service's limit) or its own
    /// limits (`ulimit -v`, `ulimit -d`) leave less of it.
    package static let bytes: Int = {
        let machine = sysconf(CInt(_SC_PHYS_PAGES)) * sysconf(CInt(_SC_PAGESIZE))
        let groups = limitFiles(ControlGroup.own)
        // The file says `max` where there is no limit.
        let limits = groups.compactMap { KernelFile.contents(of: $0).flatMap { Int($0) } }
        return (limits + [addressLimit, limit(RLIMIT_DATA)].compactMap(\.self)).reduce(machine, min)
    }()

    /// What the process could still take at this moment.
    package static var left: Int {
        let own = KernelFile.contents(of: "/proc/self/status")
        let machine = KernelFile.contents(of: "/proc/meminfo").flatMap { kilobytes("MemAvailable", in: $0) } ?? bytes
        let groups = limitFiles(ControlGroup.own).compactMap(left(inGroup:))
        let spaces = [(addressLimit, "VmSize"), (limit(RLIMIT_DATA), "VmData")].compactMap { limit, use in
            limit.map { $0 - (own.flatMap { kilobytes(use, in: $0) } ?? 0) }
        }
        return max((groups + spaces).reduce(machine, min), 0)
    }

    /// What the process has now, without the mapped files of others.
    package static var used: Int {
        KernelFile.contents(of: "/proc/self/status").flatMap { kilobytes("RssAnon", in: $0) } ?? 0
    }

    /// Gives the system back what malloc keeps of memory that is free: several models' worth, after large tasks. The
    /// function is glibc's own and not in Swift's view of it; elsewhere there is nothing to do.
    package static func giveBackFree() {
        guard let symbol = dlsym(nil, "malloc_trim") else { return }
        _ = unsafeBitCast(symbol, to: (@convention(c) (Int) -> CInt).self)(0)
    }

    /// Where there is a limit on addresses: mapped files count too.
    package static let addressLimit = limit(RLIMIT_AS)

    /// - Throws: `.tooLarge` with both sizes, whenever so many bytes cannot be had. What is small is not looked at.
    package static func check(_ count: Int, for path: String) throws(DataError) {
        guard count >= 32 << 20 else { return }
        let left = left
        guard count > left else { return }
        throw DataError(
            .tooLarge, at: path, "it takes \(count >> 20) MiB of memory; \(left >> 20) MiB are left",
            hint: "use a machine with more, or raise this process' limit")
    }

    private static func limit(_ resource: __rlimit_resource) -> Int? {
        var limits = rlimit()
        guard getrlimit(__rlimit_resource_t(resource.rawValue), &limits) == 0, limits.rlim_cur < UInt(Int.max) else {
            return nil
        }
        return Int(limits.rlim_cur)
    }

    /// - Parameter file: with the limit of a control group. What the kernel keeps of files goes when there is need.
    private static func left(inGroup file: String) -> Int? {
        guard let limit = KernelFile.contents(of: file).flatMap({ Int($0) }), limit < 1 << 60 else { return nil }
        let folder = file.prefix(upTo: file.lastIndex(of: "/") ?? file.startIndex)
        let isSecond = file.hasSuffix("memory.max")
        let use = KernelFile.contents(of: folder + (isSecond ? "/memory.current" : "/memory.usage_in_bytes")).flatMap {
            Int($0)
        }
        let names = isSecond ? ["inactive_file", "active_file"] : ["total_inactive_file", "total_active_file"]
        let details = KernelFile.contents(of: folder + "/memory.stat") ?? ""
        return limit - max((use ?? 0) - names.reduce(0) { $0 + (number($1, in: details) ?? 0) }, 0)
    }

    private static func kilobytes(_ name: String, in text: String) -> Int? {
        number(name + ":", in: text).map { $0 << 10 }
    }

    /// The whole number behind `name` at the beginning of a line.
    private static func number(_ name: String, in text: String) -> Int? {
        let line = text.split(separator: "\n").first {
            $0.hasPrefix(name) && $0.dropFirst(name.utf8.count).first?.isWhitespace == true
        }
        return line?.dropFirst(name.utf8.count).split(whereSeparator: \.isWhitespace).first.flatMap { Int($0) }
    }

    /// The files with the limits of a process' groups, its own and those above.
    /// - Parameter cgroup: the text of /proc/PID/cgroup.
    package static func limitFiles(_ cgroup: String) -> [String] {
        ControlGroup.files(cgroup, "memory.max", controller: "memory", "memory.limit_in_bytes")
    }
}
