/// How many cores a process may keep busy.
package struct AvailableCores: Hashable, Sendable {
    /// Those of the machine.
    package let installed: Int
    /// Those that the process may run on: its affinity, as `taskset`, a container or a batch system has set it.
    package let allowed: Int
    /// How many cores' time its control groups leave it; nil where they set no limit.
    package let quota: Double?

    package init(installed: Int, allowed: Int, quota: Double?) {
        (self.installed, self.allowed, self.quota) = (installed, allowed, quota)
    }

    /// At least 1. Where a quota is no whole number, one more than it fills, so that nothing of it is left over.
    package var count: Int { max(1, min(allowed, wholeQuota ?? allowed)) }

    /// Why they are fewer than the machine's, such as `CPU quota of 1.5 of 8 cores`; nil where they are not.
    package var limit: String? {
        if let quota, let wholeQuota, wholeQuota < allowed {
            let text = quota == quota.rounded() ? "\(Int(quota))" : "\((quota * 100).rounded() / 100)"
            return "CPU quota of \(text) of \(installed) cores"
        }
        return allowed < installed ? "\(allowed) of \(installed) cores may be used" : nil
    }

    private var wholeQuota: Int? { quota.map { Int(min($0, 1e6).rounded(.up)) } }

    /// The smallest quota of this process' groups.
    package static var ownQuota: Double? { quota(ControlGroup.own, contents: KernelFile.contents) }

    /// The smallest quota of a process' groups, in cores.
    /// - Parameters:
    ///   - cgroup: the text of /proc/PID/cgroup.
    ///   - contents: a file's text; nil where there is no such file.
    package static func quota(_ cgroup: String, contents: (String) -> String?) -> Double? {
        let second = "cpu.max"
        let first = (quota: "cpu.cfs_quota_us", period: "cpu.cfs_period_us")
        let quotas = ControlGroup.files(cgroup, second, controller: "cpu", first.quota).compactMap { path -> Double? in
            guard let text = contents(path) else { return nil }
            var numbers = text.split(whereSeparator: \.isWhitespace).map { Double($0) }
            if path.hasSuffix(first.quota) {
                numbers.append(contents(path.dropLast(first.quota.count) + first.period).flatMap { Double($0) })
            }
            // `max` and -1 stand where there is no limit.
            guard numbers.count == 2, let quota = numbers[0], let period = numbers[1], quota > 0, period > 0 else {
                return nil
            }
            return quota / period
        }
        return quotas.min()
    }
}
