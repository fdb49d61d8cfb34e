// One transfer's options. Why each has its value:
// - NOSIGNAL: libcurl must not use SIGALRM in a process with threads.
// - PROXY and NOPROXY: `http_proxy` and friends are honoured otherwise, and the policy would see the proxy's address.
// - PROTOCOLS, REDIR_PROTOCOLS, FOLLOWLOCATION: `file://` works otherwise, and a followed 302 turns POST into GET.
// - PIPEWAIT 0: with 1 every request to a host waits for the first answer of the host's first connection, even in
//   HTTP/1.1, so one hanging request would hold the others.
// - QUICK_EXIT: without it, ending a transfer whose name lookup hangs waits for the lookup, and with it every other
//   transfer of the client.
// - CAPATH none: the authorities come from the bundle file alone, which libcurl parses once and keeps; with a directory
//   as well it would parse all of them for each new connection. It also makes a private authority exclusive.
// - ACCEPT_ENCODING stays unset: 20 kB of gzip may unpack to 20 MB.
// - BUFFERSIZE: libcurl holds one for each transfer; its 16 KiB make ten thousand slow ones 160 MB, and answers are short.
// - Expect (removed in the header lines): a server that ignores it costs a second for each large body.

internal import CCurl

/// Owns one libcurl easy handle; reset and used again for one transfer after the other, one at a time.
@safe struct EasyHandle: ~Copyable {
    private static let readBytes = 2_048

    private let handle: UnsafeMutableRawPointer

    /// Nil if libcurl cannot make one: out of memory.
    init?() {
        guard let made = unsafe curl_easy_init() else { return nil }
        guard unsafe Self.setReadBuffer(made) else {
            unsafe curl_easy_cleanup(made)
            return nil
        }
        unsafe handle = made
    }

    deinit { unsafe curl_easy_cleanup(handle) }

    /// Forgets all options and the `context`; keeps the TLS session cache. False: the handle must not be used again.
    ///
    /// libcurl keeps the receive buffer of a transfer that ended while other streams used its connection, refuses another
    /// size for it then, and would read into it by the default size, which is larger (seen with 7.88 and HTTP/2).
    func reset() -> Bool {
        unsafe curl_easy_reset(handle)
        return unsafe Self.setReadBuffer(handle)
    }

    /// Forgets what a plain POST has set and the next one might not: the header lines, which are the transfer's, and the
    /// body. Everything else is set by ``setRequest(_:headers:)`` each time. False: use ``reset()``.
    func forgetRequest() -> Bool {
        unsafe ccurl_easy_set_list(handle, CURLOPT_HTTPHEADER, nil) == CURLE_OK
            && ccurl_easy_set_bytes(handle, CURLOPT_COPYPOSTFIELDS, nil) == CURLE_OK
    }

    /// Scoped access for ``MultiHandle``.
    @unsafe func withHandle<Result>(_ use: (UnsafeMutableRawPointer) -> Result) -> Result { unsafe use(handle) }

    /// Sets everything that does not depend on the transfer's data.
    func setPolicy(_ configuration: CurlConfiguration) throws(OptionFailure) {
        try set(CURLOPT_NOSIGNAL, 1)
        try set(CURLOPT_NOPROGRESS, 1)
        try set(CURLOPT_PROXY, "")
        try set(CURLOPT_NOPROXY, "*")
        try set(CURLOPT_PROTOCOLS_STR, "http,https")
        try set(CURLOPT_REDIR_PROTOCOLS_STR, "https")
        try set(CURLOPT_FOLLOWLOCATION, 0)
        try set(CURLOPT_MAXREDIRS, 0)
        try set(CURLOPT_DISALLOW_USERNAME_IN_URL, 1)
        try set(CURLOPT_NETRC, 0)
        try set(CURLOPT_HTTP09_ALLOWED, 0)
        let version = configuration.allowsHTTP2 ? CURL_HTTP_VERSION_2TLS : CURL_HTTP_VERSION_1_1
        try set(CURLOPT_HTTP_VERSION, Int(version))
        try set(CURLOPT_PIPEWAIT, 0)
        try set(CURLOPT_QUICK_EXIT, 1)
        try set(CURLOPT_SSL_VERIFYPEER, 1)
        try set(CURLOPT_SSL_VERIFYHOST, 2)
        try set(CURLOPT_SSLVERSION, Int(CURL_SSLVERSION_TLSv1_2))
        try setNone(CURLOPT_CAPATH)
        try set(CURLOPT_TCP_NODELAY, 1)
        try set(CURLOPT_TCP_KEEPALIVE, 1)
        try set(CURLOPT_TCP_KEEPIDLE, 30)
        try set(CURLOPT_TCP_KEEPINTVL, 15)
        try set(CURLOPT_DNS_CACHE_TIMEOUT, configuration.dnsCacheSeconds)
        try set(CURLOPT_MAXAGE_CONN, configuration.connectionMaximumIdleSeconds)
        try set(CURLOPT_MAXLIFETIME_CONN, configuration.connectionMaximumLifetimeSeconds)
        try set(CURLOPT_USERAGENT, configuration.userAgent)
    }

    /// Sets what the request asks for. libcurl copies it all but the header lines, which stay the transfer's.
    func setRequest(_ request: CurlRequest, headers: borrowing HeaderList) throws(OptionFailure) {
        try set(CURLOPT_URL, request.url)
        try set(CURLOPT_CONNECTTIMEOUT_MS, request.connectTimeoutMilliseconds)
        try set(CURLOPT_TIMEOUT_MS, request.totalTimeoutMilliseconds)
        try setMethod(request.method, body: request.body)
        try check(unsafe headers.apply(to: handle))
        if let authority = request.certificateAuthorityPEM { try set(CURLOPT_CAINFO_BLOB, authority) }
        if let certificate = request.clientCertificatePEM, let key = request.clientKeyPEM {
            try set(CURLOPT_SSLCERTTYPE, "PEM")
            try set(CURLOPT_SSLCERT_BLOB, certificate)
            try set(CURLOPT_SSLKEYTYPE, "PEM")
            try set(CURLOPT_SSLKEY_BLOB, key)
        }
    }

    /// Registers the callbacks of `Transfer+callbacks.swift` with the transfer that they get back; it must outlive the
    /// transfer's stay in the multi handle. `errorText` has room for `CURL_ERROR_SIZE` bytes.
    @unsafe func setContext(
        _ context: UnsafeMutableRawPointer,
        errorText: UnsafeMutablePointer<CChar>,
    ) throws(OptionFailure) {
        try check(unsafe ccurl_easy_set_pointer(handle, CURLOPT_PRIVATE, context))
        try check(unsafe ccurl_easy_set_pointer(handle, CURLOPT_WRITEDATA, context))
        try check(unsafe ccurl_easy_set_write_function(handle, CURLOPT_WRITEFUNCTION, receiveBody))
        try check(unsafe ccurl_easy_set_pointer(handle, CURLOPT_HEADERDATA, context))
        try check(unsafe ccurl_easy_set_write_function(handle, CURLOPT_HEADERFUNCTION, receiveHeader))
        try check(unsafe ccurl_easy_set_pointer(handle, CURLOPT_OPENSOCKETDATA, context))
        try check(unsafe ccurl_easy_set_open_socket_function(handle, openSocket))
        try check(unsafe ccurl_easy_set_pointer(handle, CURLOPT_PREREQDATA, context))
        try check(unsafe ccurl_easy_set_prereq_function(handle, beforeRequest))
        try check(unsafe ccurl_easy_set_pointer(handle, CURLOPT_ERRORBUFFER, errorText))
    }

    /// A number that libcurl kept of the transfer; 0 if it has none.
    func number(_ info: CURLINFO) -> Int {
        var value = 0
        return unsafe ccurl_easy_get_long(handle, info, &value) == CURLE_OK ? value : 0
    }

    /// When each stage ended.
    func moments() -> TransferMoments {
        TransferMoments(
            nameLookup: offset(CURLINFO_NAMELOOKUP_TIME_T),
            connect: offset(CURLINFO_CONNECT_TIME_T),
            appConnect: offset(CURLINFO_APPCONNECT_TIME_T),
            startTransfer: offset(CURLINFO_STARTTRANSFER_TIME_T),
            total: offset(CURLINFO_TOTAL_TIME_T),
        )
    }

    private func offset(_ info: CURLINFO) -> Int64 {
        var value: curl_off_t = 0
        return unsafe ccurl_easy_get_offset(handle, info, &value) == CURLE_OK ? Int64(value) : 0
    }

    @unsafe private static func setReadBuffer(_ handle: UnsafeMutableRawPointer) -> Bool {
        unsafe ccurl_easy_set_long(handle, CURLOPT_BUFFERSIZE, Self.readBytes) == CURLE_OK
    }

    private func setMethod(_ method: CurlRequest.Method, body: [UInt8]) throws(OptionFailure) {
        if body.isEmpty, method == .get || method == .delete {
            try set(CURLOPT_HTTPGET, 1)
        } else {
            try set(CURLOPT_POST, 1)
            try check(unsafe ccurl_easy_set_offset(handle, CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t(body.count)))
            // An empty array may have no address, and a null body would make libcurl read standard input.
            let code =
                body.isEmpty
                ? unsafe ccurl_easy_set_string(handle, CURLOPT_COPYPOSTFIELDS, "")
                : unsafe body.withUnsafeBytes {
                    unsafe ccurl_easy_set_bytes(handle, CURLOPT_COPYPOSTFIELDS, $0.baseAddress)
                }
            try check(code)
        }
        let usual: CurlRequest.Method = body.isEmpty && method != .post ? .get : .post
        let impliesVerb = method == usual && !(method == .get && !body.isEmpty)
        if !impliesVerb { try set(CURLOPT_CUSTOMREQUEST, method.rawValue) }
    }

    private func set(_ option: CURLoption, _ value: Int) throws(OptionFailure) {
        try check(unsafe ccurl_easy_set_long(handle, option, value))
    }

    private func set(_ option: CURLoption, _ value: String) throws(OptionFailure) {
        try check(unsafe ccurl_easy_set_string(handle, option, value))
    }

    private func setNone(_ option: CURLoption) throws(OptionFailure) {
        try check(unsafe ccurl_easy_set_string(handle, option, nil))
    }

    private func set(_ option: CURLoption, _ bytes: [UInt8]) throws(OptionFailure) {
        var copy = bytes
        let code = unsafe copy.withUnsafeMutableBytes { buffer in
            var blob = unsafe curl_blob(data: buffer.baseAddress, len: buffer.count, flags: UInt32(CURL_BLOB_COPY))
            return unsafe ccurl_easy_set_blob(handle, option, &blob)
        }
        try check(code)
    }

    private func check(_ code: CURLcode) throws(OptionFailure) {
        guard code == CURLE_OK else { throw OptionFailure(code: code) }
    }
}
