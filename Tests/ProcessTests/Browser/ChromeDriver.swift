import Foundation

/// Debian's chromedriver on a port of its own choice, with a home of its own: all that it and its browser write lies in
/// one folder, which is removed with them.
final class ChromeDriver {
    static let program = "/usr/bin/chromedriver"
    let folder: URL
    private let process = Process()
    private(set) var address = ""
    private var calls = 0
    /// What has no process number yet, or none any more, must not be ended: the number may be somebody else's.
    private var isStarted = false

    /// - Throws: `BrowserError` whenever it does not tell its port in two minutes.
    init() throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "cairn-browser-\(UUID().uuidString.prefix(8))")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let output = folder.appending(path: "output")
        _ = FileManager.default.createFile(atPath: output.path, contents: nil)
        process.executableURL = URL(filePath: Self.program)
        process.arguments = ["--port=0", "--log-path=\(folder.appending(path: "log").path)"]
        process.environment = [
            "PATH": "/usr/bin:/bin", "HOME": folder.path, "TMPDIR": folder.path, "XDG_RUNTIME_DIR": folder.path,
            "LANG": "C.UTF-8", "TZ": "UTC",
        ]
        process.currentDirectoryURL = folder
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = try FileHandle(forWritingTo: output)
        process.standardError = FileHandle.nullDevice
        try process.run()
        isStarted = true
        var port: Substring?
        wait(120) {
            let said = (try? String(contentsOf: output, encoding: .utf8)) ?? ""
            port = said.firstMatch(of: /started successfully on port (\d+)/)?.1
            return port != nil || !process.isRunning
        }
        guard let port else {
            end()
            throw BrowserError(code: "no driver", message: "chromedriver did not tell its port")
        }
        address = "http://127.0.0.1:\(port)"
    }

    deinit { end() }

    /// Kills it with all that it has started, then removes the folder.
    func end() {
        guard isStarted, process.processIdentifier > 1 else { return }
        isStarted = false
        let started = descendants()
        if process.isRunning { _ = kill(process.processIdentifier, SIGKILL) }
        for id in started.union(descendants()) { _ = kill(id, SIGKILL) }
        process.waitUntilExit()
        // What is being killed may still write for a moment.
        wait(20) {
            try? FileManager.default.removeItem(at: folder)
            return !FileManager.default.fileExists(atPath: folder.path)
        }
    }

    /// The browser's processes: children of children, and those whose command names the folder.
    private func descendants() -> Set<pid_t> {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        var parents: [pid_t: pid_t] = [:]
        var found: Set<pid_t> = [process.processIdentifier]
        for id in names.compactMap({ pid_t($0) }) where id != getpid() {
            let status = (try? String(contentsOfFile: "/proc/\(id)/stat", encoding: .utf8)) ?? ""
            // The name stands in parentheses and may have some of its own.
            let fields = status.split(separator: ")").last?.split(separator: " ") ?? []
            parents[id] = fields.count > 1 ? pid_t(fields[1]) : nil
            let command = FileManager.default.contents(atPath: "/proc/\(id)/cmdline") ?? Data()
            if String(decoding: command, as: UTF8.self).contains(folder.path) { found.insert(id) }
        }
        var known = 0
        while known < found.count {
            known = found.count
            for (id, parent) in parents where found.contains(parent) { found.insert(id) }
        }
        return found.subtracting([process.processIdentifier])
    }

    // MARK: Calls

    /// One command of W3C WebDriver; again where a page was on its way just then.
    ///
    /// - Returns: the answer's value.
    /// - Throws: `BrowserError` with WebDriver's code, or `no answer`.
    func call(_ method: String, _ path: String, _ body: [String: Any]? = nil, seconds: Int = 200) throws -> Any {
        for _ in 1...10 {
            do {
                return try callOnce(method, path, body, seconds: seconds)
            } catch let error as BrowserError where error.isOfTheMoment {
                usleep(300_000)
            }
        }
        return try callOnce(method, path, body, seconds: seconds)
    }

    /// Sent by curl: it is there wherever the tests are, and knows nothing of proxies here.
    private func callOnce(_ method: String, _ path: String, _ body: [String: Any]?, seconds: Int) throws -> Any {
        calls += 1
        let (question, answer) = (folder.appending(path: "q\(calls)"), folder.appending(path: "a\(calls)"))
        defer { for file in [question, answer] { try? FileManager.default.removeItem(at: file) } }
        var arguments = [
            "-q", "--silent", "--noproxy", "*", "--max-time", "\(seconds)", "--request", method, "--output",
            answer.path,
        ]
        if let body {
            try JSONSerialization.data(withJSONObject: body).write(to: question)
            arguments += ["--header", "Content-Type: application/json", "--data-binary", "@\(question.path)"]
        }
        let curl = Process()
        curl.executableURL = URL(filePath: "/usr/bin/curl")
        curl.arguments = arguments + [address + path]
        curl.environment = ["HOME": folder.path]
        curl.standardInput = FileHandle.nullDevice
        curl.standardOutput = FileHandle.nullDevice
        curl.standardError = FileHandle.nullDevice
        try curl.run()
        curl.waitUntilExit()
        let data = FileManager.default.contents(atPath: answer.path) ?? Data()
        let json = try? JSONSerialization.jsonObject(with: data) as? [String: Any]
        guard curl.terminationStatus == 0, let value = json?["value"] else {
            throw BrowserError(
                code: "no answer", message: "\(method) \(path): curl ended with \(curl.terminationStatus)")
        }
        if let problem = value as? [String: Any], let code = problem["error"] as? String {
            throw BrowserError(code: code, message: problem["message"] as? String ?? "")
        }
        return value
    }
}

/// The browser could not do what it was asked to.
struct BrowserError: Error, CustomStringConvertible {
    /// WebDriver's, or our own.
    var code: String
    var message: String

    var description: String { "\(code): \(message)" }

    /// Whether the browser itself is to blame, which another one may do better.
    var isOfTheBrowser: Bool {
        let codes = [
            "no driver", "no answer", "session not created", "invalid session id", "no such window", "disconnected",
            "timeout", "script timeout",
        ]
        return codes.contains(code)
            || says(
                "crash", "disconnected", "not reachable", "receiving message from renderer", "target window already")
    }

    /// Whether a page was just being left, or another one just coming.
    var isOfTheMoment: Bool {
        says("loading status", "by navigation", "execution context", "context with specified id", "detached")
    }

    private func says(_ words: String...) -> Bool { words.contains { message.lowercased().contains($0) } }
}
