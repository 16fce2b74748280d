import FoundationEssentials
import Glibc

/// A process that this one started; what it says goes to a file.
final class ChildProcess {
    enum Ending: Hashable {
        case exited(Int32)
        case killed(signal: Int32)
    }

    let log: String
    /// How long the log was before.
    private let logStart: Int
    private let id: pid_t
    private var known: Ending?

    /// - Parameter log: is appended to.
    init(_ program: String, _ arguments: [String], log: String) throws {
        self.log = log
        logStart = (try? Data(contentsOf: URL(filePath: log)))?.count ?? 0
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0)
        posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, log, O_WRONLY | O_CREAT | O_APPEND, 0o644)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        // What this process ignores, or gets from the keyboard, is not meant for the other.
        var signals = sigset_t()
        sigemptyset(&signals)
        for number in [SIGINT, SIGTERM] { sigaddset(&signals, number) }
        posix_spawnattr_setsigdefault(&attributes, &signals)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP))
        let words = ([program] + arguments).map { word in strdup(word) }
        defer { words.forEach { free($0) } }
        var id = pid_t()
        errno = posix_spawn(&id, program, &actions, &attributes, words + [nil], environ)
        guard errno == 0 else { throw ChaosError.system("'\(program)' cannot be started") }
        self.id = id
    }

    deinit { kill() }

    /// How it has ended; nil while it runs.
    var ending: Ending? {
        if known == nil { look(options: WNOHANG) }
        return known
    }

    /// All that is in the log, of earlier processes too.
    var said: String { (try? String(contentsOfFile: log, encoding: .utf8)) ?? "" }
    var saidSinceStart: String { String(decoding: said.utf8.dropFirst(logStart), as: UTF8.self) }

    func send(_ signal: Int32) {
        // A process that has been waited for has no number any more: it may be another's by now.
        if ending == nil { _ = Glibc.kill(id, signal) }
    }

    /// `kill -9`; returns when it is gone.
    func kill() {
        send(SIGKILL)
        if known == nil { look(options: 0) }
    }

    /// - Returns: nil where it does not end in time.
    func ending(within seconds: Double) throws -> Ending? {
        _ = try Patience.wait(seconds: seconds) { ending != nil }
        return ending
    }

    private func look(options: Int32) {
        var status: Int32 = 0
        guard waitpid(id, &status, options) == id else { return }
        // What the macros WIFEXITED, WEXITSTATUS and WTERMSIG say.
        known = status & 0x7f == 0 ? .exited(status >> 8 & 0xff) : .killed(signal: status & 0x7f)
    }
}
