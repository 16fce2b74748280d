import CCurl
import FoundationEssentials
import RunProtocol

extension AttemptFailure {
    static let interrupted = AttemptFailure(
        cause: ConnectionError(.interrupted, "stopped while waiting for the coordinator"))

    /// A transfer that ended without an answer.
    /// - Parameter detail: libcurl's own words, which say most about TLS.
    init(_ code: CURLcode, detail: String, request: Request, address: CoordinatorAddress) {
        let words = detail.isEmpty ? String(cString: curl_easy_strerror(code)) : detail
        let (reason, problem): (ConnectionError.Reason, String) =
            switch code {
            case CURLE_COULDNT_RESOLVE_PROXY:
                (.unreachable, "\(address) cannot be reached: the proxy is not found")
            case CURLE_COULDNT_RESOLVE_HOST:
                (.unreachable, "the host of \(address) cannot be found: check the address")
            case CURLE_COULDNT_CONNECT:
                (.unreachable, "nothing answers at \(address): is the coordinator running there?")
            case CURLE_OPERATION_TIMEDOUT:
                (.timedOut, "\(address) did not answer \(request.name) in time: is it reachable and alive?")
            case CURLE_SEND_ERROR, CURLE_RECV_ERROR, CURLE_GOT_NOTHING, CURLE_PARTIAL_FILE:
                (.unreachable, "the connection to \(address) was lost during \(request.name): try again")
            case CURLE_SSL_CONNECT_ERROR:
                (.tls, "no TLS connection to \(address): does the coordinator speak https there?")
            case CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_ISSUER_ERROR, CURLE_SSL_INVALIDCERTSTATUS:
                (
                    .tls,
                    "the certificate of \(address) is not trusted: name the file of the certificate that signed it"
                )
            case CURLE_SSL_CACERT_BADFILE:
                (.tls, "the file of trusted certificates cannot be used: it must be in PEM form")
            default: (.malformedAnswer, "\(address) does not answer as a coordinator does: check the address")
            }
        cause = ConnectionError(reason, "\(problem) (\(words.asOneLine))")
        // A handshake also ends like this when the coordinator stops in the midst of it.
        isTemporary = reason == .unreachable || reason == .timedOut || code == CURLE_SSL_CONNECT_ERROR
    }

    /// The same, with what the request went through.
    func through(_ proxy: EnvironmentProxy?) -> AttemptFailure {
        guard let proxy, let error = cause as? ConnectionError, error.reason != .interrupted else { return self }
        var failure = self
        failure.cause = proxy.mentioned(in: error)
        return failure
    }

    /// An answer that is not a success: the coordinator's own error, or that of something else which stands there.
    init(_ answer: Answer, request: Request, address: CoordinatorAddress) {
        // These say that another attempt may do better; 502 and 504 never come from a coordinator.
        isTemporary = [408, 429, 502, 503, 504].contains(answer.status)
        retryAfterSeconds = answer.retryAfterSeconds
        if let body = try? JSONDecoder().decode(APIErrorBody.self, from: answer.body) {
            cause = body.error
        } else if isTemporary {
            cause = ConnectionError(
                .unreachable, "\(address) answers \(answer.status): what stands there cannot reach the coordinator")
        } else {
            cause = ConnectionError(
                .malformedAnswer,
                "\(address) answers \(request.name) with status \(answer.status), not as a coordinator does: "
                    + "check the address")
        }
    }
}
