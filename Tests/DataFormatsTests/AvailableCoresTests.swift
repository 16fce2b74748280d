import DataFormats
import Testing

/// How many cores a process may use, from what the kernel's files say.
@Suite struct AvailableCoresTests {
    private func quota(_ cgroup: String, _ files: [String: String]) -> Double? {
        AvailableCores.quota(cgroup) { files[$0] }
    }

    @Test func theSmallestQuotaOfAllGroupsCounts() {
        let folder = "/sys/fs/cgroup"
        let files = [
            "\(folder)/cpu.max": "max 100000", "\(folder)/a.slice/cpu.max": "150000 100000",
            "\(folder)/a.slice/b.service/cpu.max": "400000 100000",
        ]
        #expect(quota("0::/a.slice/b.service\n", files) == 1.5)
        #expect(quota("0::/a.slice/b.service/c\n", files) == 1.5)
        #expect(quota("0::/other\n", files) == nil)
        #expect(quota("0::/\n", ["\(folder)/cpu.max": "20000 10000"]) == 2)
        #expect(quota("", files) == nil && quota("nonsense\n0::", files) == nil)
    }

    @Test(arguments: ["/sys/fs/cgroup/cpu", "/sys/fs/cgroup/cpu,cpuacct"]) func versionOneHasTwoFiles(folder: String) {
        let cgroup = "12:cpuset:/x\n4:cpu,cpuacct:/docker/ab\n1:name=systemd:/x\n"
        var files = [
            "\(folder)/cpu.cfs_quota_us": "-1", "\(folder)/cpu.cfs_period_us": "100000",
            "\(folder)/docker/ab/cpu.cfs_quota_us": "250000", "\(folder)/docker/ab/cpu.cfs_period_us": "100000",
        ]
        #expect(quota(cgroup, files) == 2.5)
        // In a container its own group is the root.
        #expect(quota("4:cpu,cpuacct:/docker/cd\n", files) == nil)
        files["\(folder)/cpu.cfs_quota_us"] = "50000"
        #expect(quota("4:cpu,cpuacct:/docker/cd\n", files) == 0.5)
        #expect(quota("4:memory:/docker/ab\n", files) == nil)
    }

    @Test(arguments: ["", "max", "0 100000", "-1 100000", "1 0", "x y", "1", "1 2 3"])
    func whatIsNoQuotaIsNone(text: String) {
        #expect(quota("0::/\n", ["/sys/fs/cgroup/cpu.max": text]) == nil)
    }

    @Test(
        arguments: [
            (8, 8, nil, 8, nil), (8, 8, 1.5, 2, "CPU quota of 1.5 of 8 cores"),
            (8, 8, 2, 2, "CPU quota of 2 of 8 cores"), (8, 8, 0.1, 1, "CPU quota of 0.1 of 8 cores"),
            (8, 8, 8, 8, nil), (8, 8, 1e300, 8, nil), (8, 2, nil, 2, "2 of 8 cores may be used"),
            (8, 2, 3.5, 2, "2 of 8 cores may be used"), (8, 4, 3.5, 4, "4 of 8 cores may be used"),
            (8, 4, 2.333_33, 3, "CPU quota of 2.33 of 8 cores"), (1, 0, nil, 1, "0 of 1 cores may be used"),
        ] as [(Int, Int, Double?, Int, String?)])
    func theLeastCounts(installed: Int, allowed: Int, quota: Double?, count: Int, limit: String?) {
        let cores = AvailableCores(installed: installed, allowed: allowed, quota: quota)
        #expect(cores.count == count)
        #expect(cores.limit == limit)
    }

    @Test func thisProcessHasACore() {
        if let quota = AvailableCores.ownQuota { #expect(quota > 0) }
    }
}
