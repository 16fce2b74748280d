package import HTTPTypes
import Hummingbird
import RunProtocol

/// One thing that the server answers.
package struct Route: Sendable {
    package let method: HTTPRequest.Method
    /// With parameters in braces: `/v1/runs/{run}`.
    package let path: String
    let respond: @Sendable (Call) async throws -> Response

    init(
        _ method: HTTPRequest.Method, _ path: String, respond: @escaping @Sendable (Call) async throws -> Response
    ) {
        (self.method, self.path, self.respond) = (method, path, respond)
    }

    /// Everything that the server answers; `docs/openapi.yaml` describes the same.
    package static let all = page + probes + session + runs + learnt + workers + blobs

    /// What can be done with a path of a request: nothing where no route has it.
    static func methods(for path: String) -> [HTTPRequest.Method] {
        let parts = path.split(separator: "/")
        let routes = all.filter { route in
            let pattern = route.path.split(separator: "/")
            return pattern.count == parts.count && zip(pattern, parts).allSatisfy { $0.hasPrefix("{") || $0 == $1 }
                && (route.path != "/{file}" || isOpen(path))
        }
        let exact = routes.filter { !$0.path.contains("{") }
        return (exact.isEmpty ? routes : exact).map(\.method)
    }

    /// What needs no token: the page, which asks for it, and what tells others whether the coordinator is well.
    static func isOpen(_ path: String) -> Bool {
        ["/", "/healthz", "/readyz", "/v1/session"].contains(path) || PageFile.all[String(path.dropFirst())] != nil
    }
}
