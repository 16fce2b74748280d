import Glibc

/// What Linux says of this process, under the names that Prometheus' own clients use.
package enum ProcessFigures {
    /// Where `/proc` cannot be read, a family is without series.
    package static var families: [MetricFamily] {
        let fields = statFields
        let ticks = Double(sysconf(CInt(_SC_CLK_TCK)))
        func field(_ number: Int) -> Double? { fields.indices.contains(number - 3) ? Double(fields[number - 3]) : nil }
        func family(_ name: String, _ kind: FamilyDescription.Kind, _ help: String, _ value: Double?) -> MetricFamily {
            MetricFamily(FamilyDescription("process_" + name, kind, [], help), [([], value)])
        }
        let cpu = field(14).flatMap { user in field(15).map { (user + $0) / ticks } }
        let start = field(22).flatMap { sinceBoot in bootTime.map { $0 + sinceBoot / ticks } }
        return [
            family("cpu_seconds_total", .counter, "Processor time of the process, in seconds.", cpu),
            family(
                "resident_memory_bytes", .gauge, "Memory of the process that is in RAM, in bytes.",
                field(24).map { $0 * Double(sysconf(CInt(_SC_PAGESIZE))) }),
            family("virtual_memory_bytes", .gauge, "Address space of the process, in bytes.", field(23)),
            family("threads", .gauge, "Threads of the process.", field(20)),
            family("open_fds", .gauge, "Open file descriptors.", openDescriptors.map(Double.init)),
            family("max_fds", .gauge, "File descriptors that may be open.", descriptorLimit),
            family("start_time_seconds", .gauge, "Start of the process, in seconds since 1970.", start),
        ]
    }

    /// The fields of `/proc/self/stat` from the third on: the second, the program's name, may have spaces in it.
    private static var statFields: [Substring] {
        guard let text = contents("/proc/self/stat"), let end = text.lastIndex(of: ")") else { return [] }
        return text[end...].dropFirst(2).split { $0 == " " || $0 == "\n" }
    }

    /// Seconds since 1970.
    private static let bootTime: Double? = contents("/proc/stat")?.split(separator: "\n")
        .first { $0.hasPrefix("btime ") }.flatMap { Double($0.dropFirst(6)) }

    private static var openDescriptors: Int? {
        guard let folder = opendir("/proc/self/fd") else { return nil }
        defer { closedir(folder) }
        var count = 0
        while readdir(folder) != nil { count += 1 }
        // Two are the folder and the one above it, one is how it is read.
        return count - 3
    }

    private static var descriptorLimit: Double? {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return nil }
        return limit.rlim_cur == .max ? .infinity : Double(limit.rlim_cur)
    }

    /// - Returns: nil where the file cannot be read; at most its first MiB.
    private static func contents(_ path: String) -> String? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while bytes.count < 1 << 20 {
            let count = read(descriptor, &buffer, buffer.count)
            guard count > 0 else { break }
            bytes += buffer[..<count]
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
