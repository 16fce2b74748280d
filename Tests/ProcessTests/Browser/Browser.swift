import Foundation

/// Chromium without a window, looked at and steered by scripts: no handle of an element is kept, so none goes stale.
final class Browser {
    private let driver: ChromeDriver
    private let session: String
    /// How long a condition may take: far longer than it ever does.
    static let patience = 240.0

    static var isInstalled: Bool {
        [ChromeDriver.program, "/usr/bin/chromium", "/usr/bin/curl"].allSatisfy(FileManager.default.isExecutableFile)
    }

    /// Starts a browser and calls `body` with it; once more, with another browser, where the browser itself broke.
    static func use(_ body: (Browser) throws -> Void) throws {
        for attempt in 1... {
            do {
                let browser = try Browser()
                defer { browser.close() }
                return try body(browser)
            } catch let error as BrowserError where error.isOfTheBrowser && attempt < 4 {
                print("the browser broke, another one is started: \(error)")
            }
        }
    }

    private init() throws {
        driver = try ChromeDriver()
        do {
            let answer = try driver.call(
                "POST", "/session", ["capabilities": ["alwaysMatch": Self.wishes(driver.folder)]])
            guard let id = (answer as? [String: Any])?["sessionId"] as? String else {
                throw BrowserError(code: "session not created", message: "\(answer)")
            }
            session = "/session/\(id)"
        } catch {
            driver.end()
            throw error
        }
    }

    private func close() {
        _ = try? driver.call("DELETE", session, seconds: 30)
        driver.end()
    }

    private static func wishes(_ folder: URL) -> [String: Any] {
        let arguments = [
            "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
            "--no-default-browser-check", "--disable-background-networking", "--disable-component-update",
            "--disable-sync", "--disable-default-apps", "--disable-extensions", "--disable-breakpad",
            "--disable-features=Translate,MediaRouter,OptimizationHints", "--no-proxy-server", "--mute-audio",
            "--disable-background-timer-throttling", "--disable-renderer-backgrounding",
            "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost", "--window-size=1280,900",
            "--user-data-dir=\(folder.appending(path: "profile").path)",
        ]
        return [
            "browserName": "chrome",
            "pageLoadStrategy": "eager",
            // Tests make their own certificates.
            "acceptInsecureCerts": true,
            "timeouts": ["script": 150_000, "pageLoad": 150_000],
            "goog:loggingPrefs": ["browser": "ALL", "performance": "ALL"],
            "goog:chromeOptions": [
                "binary": "/usr/bin/chromium", "args": arguments, "perfLoggingPrefs": ["enablePage": false],
            ],
        ]
    }

    // MARK: Going there and looking

    func open(_ url: String) throws { _ = try driver.call("POST", session + "/url", ["url": url]) }

    /// What a script's body returns; nil for null.
    func run<Value>(_ script: String, _ arguments: [Any] = [], as type: Value.Type = Value.self) throws -> Value? {
        try driver.call("POST", session + "/execute/sync", ["script": script, "args": arguments]) as? Value
    }

    func run(_ script: String, _ arguments: [Any] = []) throws {
        _ = try driver.call("POST", session + "/execute/sync", ["script": script, "args": arguments])
    }

    /// What an expression is worth; nil for null, and while a page is on its way.
    func look<Value>(_ expression: String, as type: Value.Type = Value.self) throws -> Value? {
        do {
            return try run("return \(expression)")
        } catch let error as BrowserError where !error.isOfTheBrowser && error.code != "unexpected alert open" {
            return nil
        }
    }

    /// What a script says by calling its last argument.
    func runToItsAnswer(_ script: String, _ arguments: [Any] = []) throws -> Any {
        try driver.call("POST", session + "/execute/async", ["script": script, "args": arguments])
    }

    /// Those that are sent from where the page is, also those that no script can read.
    func cookies() throws -> [[String: Any]] {
        try driver.call("GET", session + "/cookie") as? [[String: Any]] ?? []
    }

    // MARK: Tabs

    /// Opens another tab, which is then the one that is seen and spoken to. The one before it is hidden.
    ///
    /// - Returns: what `showTab` takes.
    func openTab() throws -> String {
        let answer = try driver.call("POST", session + "/window/new", ["type": "tab"])
        guard let tab = (answer as? [String: Any])?["handle"] as? String else {
            throw BrowserError(code: "no tab", message: "\(answer)")
        }
        try showTab(tab)
        return tab
    }

    func showTab(_ tab: String) throws { _ = try driver.call("POST", session + "/window", ["handle": tab]) }

    var tab: String {
        get throws { try driver.call("GET", session + "/window") as? String ?? "" }
    }

    /// Waits until an expression is true, however long it takes within reason.
    ///
    /// - Throws: `BrowserError` with what the page looks like instead.
    func wait(for expression: String) throws {
        let end = SuspendingClock.now + .seconds(Self.patience)
        while try look("!!(\(expression))") != true {
            guard .now < end else {
                let page = try look("location.href + '\\n' + document.body.innerText.slice(0, 3000)", as: String.self)
                throw BrowserError(
                    code: "waited in vain",
                    message: "for \(expression)\nat \(page ?? "no page")\nconsole: \(try complaints())")
            }
            usleep(150_000)
        }
    }

    /// Clicks the first element of a selector as soon as there is one that can be clicked.
    func click(_ selector: String) throws {
        let element = "document.querySelector(\(Self.quoted(selector)))"
        try wait(for: "\(element) && !\(element).disabled && \(element).getClientRects().length")
        try run("document.querySelector(arguments[0]).click()", [selector])
    }

    /// Puts text into a field as if it had been pasted.
    func fill(_ selector: String, _ text: String) throws {
        try wait(for: "document.querySelector(\(Self.quoted(selector)))")
        try run(
            """
            const field = document.querySelector(arguments[0])
            field.focus()
            field.value = arguments[1]
            field.dispatchEvent(new Event("input", {bubbles: true}))
            field.dispatchEvent(new Event("change", {bubbles: true}))
            """, [selector, text])
    }

    /// A JavaScript string.
    static func quoted(_ text: String) -> String {
        let list = (try? JSONSerialization.data(withJSONObject: [text])) ?? Data("[\"\"]".utf8)
        return String(String(decoding: list, as: UTF8.self).dropFirst().dropLast())
    }

    // MARK: How it looks

    /// How the page is shown.
    struct Appearance: CaseIterable, CustomStringConvertible {
        var description: String
        var isDark: Bool
        var width: Int

        static let allCases = [
            Appearance(description: "light", isDark: false, width: 1_280),
            Appearance(description: "dark", isDark: true, width: 1_280),
            Appearance(description: "phone", isDark: false, width: 360),
        ]
    }

    func show(_ appearance: Appearance) throws {
        let isPhone = appearance.width < 600
        try tell(
            "Emulation.setDeviceMetricsOverride",
            [
                "width": appearance.width, "height": isPhone ? 740 : 900, "deviceScaleFactor": isPhone ? 2 : 1,
                "mobile": isPhone,
            ])
        let scheme = ["name": "prefers-color-scheme", "value": appearance.isDark ? "dark" : "light"]
        try tell("Emulation.setEmulatedMedia", ["features": [scheme]])
    }

    /// The whole page as a picture, for people: a test does not fail without it.
    func keepScreenshot(_ name: String) {
        let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../..").standardized
        let folder = root.appending(path: ".build/screenshots")
        let answer = try? tell("Page.captureScreenshot", ["captureBeyondViewport": true]) as? [String: Any]
        guard let text = answer?["data"] as? String, let png = Data(base64Encoded: text) else { return }
        try? FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try? png.write(to: folder.appending(path: "\(name).png"))
    }

    /// A command of Chromium's own protocol.
    @discardableResult func tell(_ command: String, _ parameters: [String: Any] = [:]) throws -> Any {
        try driver.call("POST", session + "/goog/cdp/execute", ["cmd": command, "params": parameters])
    }

    // MARK: What it has noticed

    /// Errors and warnings on the console since the last call, each with its address.
    func complaints() throws -> [String] {
        try log("browser").filter { ["SEVERE", "WARNING"].contains($0["level"] as? String) }
            .compactMap { $0["message"] as? String }
    }

    /// The addresses that have been asked for since the last call.
    func requests() throws -> [String] {
        try log("performance").compactMap { entry in
            let text = entry["message"] as? String ?? ""
            guard text.contains("Network.requestWillBeSent\"") else { return nil }
            let event = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any]
            let parameters = (event?["message"] as? [String: Any])?["params"] as? [String: Any]
            return (parameters?["request"] as? [String: Any])?["url"] as? String
        }
    }

    private func log(_ kind: String) throws -> [[String: Any]] {
        try driver.call("POST", session + "/se/log", ["type": kind]) as? [[String: Any]] ?? []
    }
}
