import FoundationEssentials
import Glibc

/// How many files and connections the process may have open at once.
package struct DescriptorLimit: Hashable, Sendable {
    package var limit: Int
    /// How many are open.
    package var open: Int

    /// That of this process, as it is now.
    package static var current: DescriptorLimit {
        let open = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count) ?? 64
        return DescriptorLimit(limit: Int(clamping: system.rlim_cur), open: open)
    }

    /// Raises the limit as far as the system lets this process.
    /// - Returns: the limit from now on.
    @discardableResult package static func raise() -> Int {
        var limit = system
        limit.rlim_cur = limit.rlim_max
        _ = setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        return Int(clamping: system.rlim_cur)
    }

    private static var system: rlimit {
        var limit = rlimit(rlim_cur: 1_024, rlim_max: 1_024)
        _ = getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        return limit
    }
}
