import CCurl
import FoundationEssentials
import Glibc
import RunProtocol

/// A connection that is kept open from one request to the next; used by one thread at a time.
///
/// libcurl's multi interface is used for its poll, which can wait for an interruption as well.
final class Transfer: @unchecked Sendable {
    private static let libraryStatus = ccurl_global_init()

    private let easy: UnsafeMutableRawPointer
    private let multi: UnsafeMutableRawPointer
    private let problem = UnsafeMutablePointer<CChar>.allocate(capacity: Int(CURL_ERROR_SIZE))
    private let configuration: ClientConfiguration

    // What belongs to the request in progress.
    private var optionStatus = CURLE_OK
    private var body = Data()
    private var receiver: BodyReceiver?
    private var refusal: (any Error)?

    init(_ configuration: ClientConfiguration) throws(ConnectionError) {
        guard Self.libraryStatus == CURLE_OK, let easy = curl_easy_init() else {
            throw ConnectionError(.unreachable, "libcurl cannot be started: is there memory left?")
        }
        guard let multi = curl_multi_init() else {
            curl_easy_cleanup(easy)
            throw ConnectionError(.unreachable, "libcurl cannot be started: is there memory left?")
        }
        (self.easy, self.multi, self.configuration) = (easy, multi, configuration)
    }

    deinit {
        curl_easy_cleanup(easy)
        curl_multi_cleanup(multi)
        problem.deallocate()
    }

    /// Sends `request` and reads the answer.
    /// - Parameter receiver: takes the body of a successful answer; what it throws is the failure's cause.
    func perform(
        _ request: Request, interruption: Interruption, receiver: BodyReceiver? = nil
    ) throws(AttemptFailure) -> Answer {
        if request.isWait && interruption.isSignalled { throw .interrupted }
        body = Data()
        refusal = nil
        self.receiver = receiver
        defer { self.receiver = nil }
        let headers = HeaderList(headers(for: request))
        setOptions(for: request, headers: headers)
        let waitingFor = request.isWait ? interruption.descriptor : nil
        // The body is not copied: it must not move before the transfer has ended.
        let ended = withExtendedLifetime(headers) { () -> CURLcode? in
            guard request.method != .get else { return run(waitingFor) }
            return (request.body ?? Data()).withUnsafeBytes { bytes in
                set(CURLOPT_POSTFIELDSIZE_LARGE, size: bytes.count)
                // Without any pointer libcurl would read the body from standard input.
                if bytes.isEmpty { set(CURLOPT_POSTFIELDS, "") }
                if let start = bytes.baseAddress, !bytes.isEmpty { set(CURLOPT_POSTFIELDS, pointer: start) }
                return run(waitingFor)
            }
        }
        guard var ended else { throw .interrupted }
        if let refusal { throw AttemptFailure(cause: refusal) }
        if ended == CURLE_OK && isCutOff { ended = CURLE_PARTIAL_FILE }
        guard ended == CURLE_OK else {
            let words = String(cString: problem)
            throw AttemptFailure(
                ended, detail: configuration.proxy?.redacted(words) ?? words, request: request,
                address: configuration.address)
        }
        return Answer(status: status, retryAfterSeconds: retryAfterSeconds, body: body)
    }

    /// - Parameter interruption: a descriptor that ends the transfer as soon as it can be read.
    /// - Returns: nil when interrupted.
    private func run(_ interruption: Int32?) -> CURLcode? {
        guard optionStatus == CURLE_OK else { return optionStatus }
        guard curl_multi_add_handle(multi, easy) == CURLM_OK else { return CURLE_FAILED_INIT }
        defer { curl_multi_remove_handle(multi, easy) }
        var extra = curl_waitfd(fd: interruption ?? -1, events: Int16(CURL_WAIT_POLLIN), revents: 0)
        while true {
            var running: Int32 = 0
            guard curl_multi_perform(multi, &running) == CURLM_OK else { return CURLE_FAILED_INIT }
            if running == 0 { return result() }
            let count: UInt32 = interruption == nil ? 0 : 1
            guard curl_multi_poll(multi, &extra, count, 1_000, nil) == CURLM_OK else { return CURLE_FAILED_INIT }
            if extra.revents != 0 { return nil }
        }
    }

    private func result() -> CURLcode {
        var left: Int32 = 0
        while let message = curl_multi_info_read(multi, &left) {
            if message.pointee.msg == CURLMSG_DONE { return message.pointee.data.result }
        }
        return CURLE_FAILED_INIT
    }

    /// - Returns: false where the transfer must end.
    fileprivate func receive(_ bytes: UnsafeRawBufferPointer) -> Bool {
        do {
            let status = status
            if let receiver, (200...299).contains(status) {
                try receiver(bytes, status)
            } else {
                guard body.count + bytes.count <= Limits.messageBytes else {
                    throw ConnectionError(
                        .malformedAnswer,
                        "\(configuration.address) answers with more than \(Limits.messageBytes) bytes: "
                            + "is it a coordinator's address?")
                }
                body.append(contentsOf: bytes)
            }
            return true
        } catch {
            refusal = error
            return false
        }
    }

    private var status: Int {
        var status = 0
        ccurl_get_long(easy, CURLINFO_RESPONSE_CODE, &status)
        return status
    }

    private var retryAfterSeconds: Double? {
        let seconds = size(CURLINFO_RETRY_AFTER)
        return seconds > 0 ? Double(seconds) : nil
    }

    /// A connection that ends within an answer's head is nothing special to libcurl.
    private var isCutOff: Bool {
        status != 204 && size(CURLINFO_CONTENT_LENGTH_DOWNLOAD_T) < 0 && size(CURLINFO_SIZE_DOWNLOAD_T) == 0
    }

    private func size(_ info: CURLINFO) -> Int {
        var size: curl_off_t = 0
        ccurl_get_size(easy, info, &size)
        return Int(size)
    }
}

// MARK: Options

extension Transfer {
    private func setOptions(for request: Request, headers: HeaderList) {
        // Open connections outlive this.
        curl_easy_reset(easy)
        optionStatus = CURLE_OK
        problem.pointee = 0
        set(CURLOPT_ERRORBUFFER, pointer: problem)
        set(CURLOPT_URL, "\(configuration.address)\(request.path)")
        if request.method != .get { set(CURLOPT_POST, 1) }
        set(CURLOPT_CUSTOMREQUEST, request.method.rawValue)
        set(CURLOPT_HTTPHEADER, pointer: headers.first)
        set(CURLOPT_USERAGENT, "cairn")
        setLimits(for: request)
        // Signals belong to the program, not to its libraries.
        set(CURLOPT_NOSIGNAL, 1)
        // A name server that does not answer must not hold a call beyond its time.
        set(CURLOPT_QUICK_EXIT, 1)
        set(CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1)
        set(CURLOPT_PROTOCOLS_STR, "http,https")
        set(CURLOPT_FOLLOWLOCATION, 0)
        // The environment has been looked at: what messages name is what is used.
        set(CURLOPT_PROXY, configuration.proxy?.url ?? "")
        set(CURLOPT_NOPROXY, "")
        if let caFile = configuration.caFile { set(CURLOPT_CAINFO, caFile) }
        set(CURLOPT_WRITEDATA, pointer: Unmanaged.passUnretained(self).toOpaque())
        check(ccurl_set_write_function(easy, receiveBytes))
    }

    private func setLimits(for request: Request) {
        set(CURLOPT_CONNECTTIMEOUT_MS, milliseconds(configuration.connectSeconds))
        switch request.patience {
        case .total(let seconds): set(CURLOPT_TIMEOUT_MS, milliseconds(seconds))
        case .stall(let seconds):
            set(CURLOPT_LOW_SPEED_LIMIT, 1)
            set(CURLOPT_LOW_SPEED_TIME, Int(min(max(seconds, 1), 1e6)))
        }
    }

    private func headers(for request: Request) -> [String] {
        // libcurl would wait a second for the server's "100 Continue" before each larger body.
        var headers = ["Accept: application/json", "Expect:"] + request.headers
        if let token = configuration.token { headers.append("Authorization: Bearer \(token)") }
        return headers
    }

    /// Zero would mean that there is no limit.
    private func milliseconds(_ seconds: Double) -> Int { Int(min(max(seconds * 1_000, 1), 1e9)) }
    private func set(_ option: CURLoption, _ value: Int) { check(ccurl_set_long(easy, option, value)) }
    private func set(_ option: CURLoption, size: Int) { check(ccurl_set_size(easy, option, curl_off_t(size))) }
    private func set(_ option: CURLoption, _ value: String) { check(ccurl_set_string(easy, option, value)) }

    private func set(_ option: CURLoption, pointer: UnsafeRawPointer?) {
        check(ccurl_set_pointer(easy, option, pointer))
    }

    private func check(_ status: CURLcode) { if status != CURLE_OK { optionStatus = status } }
}

private let receiveBytes: curl_write_callback = { bytes, size, count, context in
    guard let bytes, let context else { return 0 }
    let transfer = Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue()
    return transfer.receive(UnsafeRawBufferPointer(start: bytes, count: size * count)) ? size * count : 0
}

/// Header lines in libcurl's form, for as long as the object lives.
private final class HeaderList {
    private(set) var first: UnsafeMutablePointer<curl_slist>?

    init(_ lines: [String]) { for line in lines { first = curl_slist_append(first, line) } }

    deinit { curl_slist_free_all(first) }
}
