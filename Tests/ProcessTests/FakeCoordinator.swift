import Foundation
import Testing

/// A server that answers what a test says, as a coordinator or as something else in its place.
final class FakeCoordinator {
    private static let program = """
        import http.server, json, sys
        answers = json.load(open(sys.argv[1]))
        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            def do_GET(self):
                answer = answers.get(self.path.split("?")[0]) or answers["*"]
                self.send_response(answer["status"])
                self.send_header("Content-Length", str(len(answer["body"].encode())))
                self.end_headers()
                self.wfile.write(answer["body"].encode())
            def log_message(self, *arguments):
                pass
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        print("port", server.server_port, file=sys.stderr, flush=True)
        server.serve_forever()
        """

    private let desk: Desk
    private let process: RunningProcess
    let url: String

    /// - Parameters:
    ///   - answers: bodies by their paths, with status 200.
    ///   - other: status and body for all other paths.
    init(_ answers: [String: String], other: (status: Int, body: String) = (404, "{}")) throws {
        desk = try Desk()
        var all: [String: [String: Any]] = ["*": ["status": other.status, "body": other.body]]
        for (path, body) in answers { all[path] = ["status": 200, "body": body] }
        let file = desk.folder.appending(path: "answers.json")
        try JSONSerialization.data(withJSONObject: all).write(to: file)
        let process = try RunningProcess(["-c", Self.program, file.path], in: desk.folder, program: "/usr/bin/python3")
        self.process = process
        wait(20) { process.said.contains("\n") }
        url = "http://127.0.0.1:\(try #require(process.said.firstMatch(of: /port (\d+)/)).1)"
    }

    deinit { process.kill() }
}
