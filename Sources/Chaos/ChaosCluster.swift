import CoordinatorClient
import FoundationEssentials
import Glibc

/// A coordinator and workers on loopback, real processes in a folder of their own.
final class ChaosCluster {
    struct Settings {
        /// The program, `cairn`.
        var program: String
        var folder: String
        /// From where plans' data may be read, beside the usual folders.
        var dataFolders: [String]
        var leaseSeconds: Double
        /// The coordinator's state lies on a small file system where one can be mounted.
        var wantsSmallDisk = false
        /// This worker and those after it reach the coordinator through the proxy.
        var firstBehindProxy = Int.max
    }

    /// Enough for the state of dozens of runs.
    private static let diskMebibytes = 256

    let settings: Settings
    let disk: SmallDisk?
    let proxy: FaultyProxy
    /// For questions; it gives up soon, since what it asks for may be down on purpose.
    let connection: HTTPConnection
    let configuration: ClientConfiguration
    private let port: UInt16
    private(set) var coordinator: ChildProcess
    private(set) var workers: [ChildProcess] = []
    /// Workers that were told to end.
    private var leaving: [ChildProcess] = []
    /// It was stopped and answers nothing.
    private(set) var isCoordinatorPaused = false
    /// Whether the coordinator had a full disk since it was started: then it may have ended for that.
    private(set) var hasSeenFullDisk = false
    var hostile: [HostileWorker] = []
    /// They hang until the cluster ends.
    var hanging: [HangingWorker] = []

    init(_ settings: Settings) throws {
        self.settings = settings
        try FileManager.default.createDirectory(atPath: settings.folder, withIntermediateDirectories: true)
        disk =
            settings.wantsSmallDisk
            ? SmallDisk(at: settings.folder + "/state", mebibytes: Self.diskMebibytes) : nil
        port = try Sockets.freePort()
        proxy = try FaultyProxy(to: port)
        var configuration = try ClientConfiguration(url: "http://127.0.0.1:\(port)")
        configuration.retries = RetryPolicy(totalSeconds: 0.2)
        configuration.registrationRetries = configuration.retries
        configuration.requestSeconds = 5
        self.configuration = configuration
        connection = try HTTPConnection(configuration)
        coordinator = try Self.startCoordinator(settings, port: port)
        let isUp = try Patience.wait(seconds: 60) {
            (try? connection.information()) != nil || coordinator.ending != nil
        }
        guard isUp, coordinator.ending == nil else { throw complaint("the coordinator does not start", coordinator) }
    }

    deinit {
        proxy.close()
        hanging.forEach { $0.end() }
        (workers + leaving).forEach { $0.kill() }
        coordinator.kill()
    }

    private static func startCoordinator(
        _ settings: Settings, port: UInt16, log: String = "coordinator.log"
    ) throws -> ChildProcess {
        try ChildProcess(
            settings.program,
            [
                "coordinator", "--state", settings.folder + "/state", "--listen", "127.0.0.1:\(port)", "--lease",
                "\(settings.leaseSeconds)", "--data", "/usr/share/datasets", "--log-level", "debug",
            ] + settings.dataFolders.flatMap { ["--data", $0] }, log: settings.folder + "/" + log)
    }

    /// - Parameter place: a new one in the place of another has its cache and its log.
    private func makeWorker(_ place: Int) throws -> ChildProcess {
        let port = place < settings.firstBehindProxy ? port : proxy.port
        return try ChildProcess(
            settings.program,
            [
                "worker", "--coordinator", "http://127.0.0.1:\(port)", "--slots", "1", "--cache",
                "\(settings.folder)/cache-\(place)", "--grace", "2", "--log-level", "debug",
            ], log: "\(settings.folder)/worker-\(place).log")
    }

    // MARK: Processes

    func addWorker() throws { workers.append(try makeWorker(workers.count)) }
    func removeLastWorker() { workers.popLast()?.kill() }

    /// `kill -9`, and another in its place.
    func killWorker(_ place: Int) throws {
        workers[place].kill()
        workers[place] = try makeWorker(place)
    }

    /// SIGTERM, and another in its place at once: the first may have a task to finish.
    func endWorker(_ place: Int) throws {
        workers[place].send(SIGTERM)
        // One that stands still would never hear of it.
        workers[place].send(SIGCONT)
        leaving.append(workers[place])
        workers[place] = try makeWorker(place)
    }

    /// `kill -9`, and the same command again.
    func killCoordinator() throws {
        coordinator.kill()
        try startCoordinatorAgain()
    }

    /// SIGTERM, and the same command again once it has ended.
    func endCoordinator() throws {
        coordinator.send(SIGTERM)
        coordinator.send(SIGCONT)
        let ending = try coordinator.ending(within: 20)
        guard ending?.isAsTold == true || hasSeenFullDisk && ending == .exited(1) else {
            throw complaint("the coordinator, told to end: \(ending.map { "\($0)" } ?? "goes on")", coordinator)
        }
        try startCoordinatorAgain()
    }

    /// On a port of its own.
    func makeSecondCoordinator() throws -> ChildProcess {
        try Self.startCoordinator(settings, port: try Sockets.freePort(), log: "second.log")
    }

    func startCoordinatorAgain() throws {
        hasSeenFullDisk = disk?.isFull == true
        isCoordinatorPaused = false
        coordinator = try Self.startCoordinator(settings, port: port)
    }

    func pauseCoordinator(_ isPaused: Bool) {
        coordinator.send(isPaused ? SIGSTOP : SIGCONT)
        isCoordinatorPaused = isPaused
    }

    func fillDisk() {
        disk?.fill()
        hasSeenFullDisk = disk != nil
    }

    /// Starts again what has ended for want of room. All else that ends by itself breaks a promise.
    func tend() throws {
        if let ending = coordinator.ending {
            guard hasSeenFullDisk, ending == .exited(1) else {
                throw complaint("the coordinator ended by itself: \(ending)", coordinator)
            }
            if disk?.isFull != true { try startCoordinatorAgain() }
        }
        for worker in workers {
            if let ending = worker.ending { throw complaint("a worker ended by itself: \(ending)", worker) }
        }
        for worker in leaving {
            guard let ending = worker.ending else { continue }
            guard ending.isAsTold else { throw complaint("a worker, told to end: \(ending)", worker) }
        }
        leaving.removeAll { $0.ending != nil }
    }

    /// Whether all that were told to end have done so.
    var hasNoneLeaving: Bool { leaving.isEmpty }

    // MARK: What they said

    func complaint(_ text: String, _ process: ChildProcess? = nil) -> ChaosError {
        let lines = (process ?? coordinator).said.split(separator: "\n").suffix(12)
        return ChaosError("\(text)\n  " + lines.joined(separator: "\n  "))
    }

    var workerLogs: [String] { workers.map(\.said) }
}

extension ChildProcess.Ending {
    /// After SIGTERM; one that has hardly begun does not listen to it.
    fileprivate var isAsTold: Bool { self == .exited(0) || self == .killed(signal: SIGTERM) }
}

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
