internal import CCurl

/// Owns one libcurl multi handle and the sockets that it waits for. Used on one thread at a time.
@safe struct MultiHandle: ~Copyable {
    private let handle: UnsafeMutableRawPointer
    private let sockets: SocketSet
    private var ready: [SocketSet.Event] = []

    /// Ends a ``wait(atMostMilliseconds:)`` from any thread.
    let waker: MultiWaker

    /// Nil if libcurl cannot start or make one, or the process has no descriptors left.
    init?(maximumConnections: Int) {
        guard CurlLibrary.isReady, let sockets = SocketSet(), let made = unsafe curl_multi_init() else { return nil }
        let context = unsafe Unmanaged.passUnretained(sockets).toOpaque()
        let codes = [
            unsafe ccurl_multi_set_long(made, CURLMOPT_MAXCONNECTS, maximumConnections),
            unsafe ccurl_multi_set_pointer(made, CURLMOPT_SOCKETDATA, context),
            unsafe ccurl_multi_set_socket_function(made, watchSocket),
            unsafe ccurl_multi_set_pointer(made, CURLMOPT_TIMERDATA, context),
            unsafe ccurl_multi_set_timer_function(made, setTimer),
        ]
        guard codes.allSatisfy({ $0 == CURLM_OK }) else {
            unsafe curl_multi_cleanup(made)
            return nil
        }
        unsafe handle = made
        self.sockets = sockets
        waker = sockets.waker
    }

    /// Every transfer must have been removed. libcurl still calls back for the connections that it closes.
    deinit {
        withExtendedLifetime(sockets) { _ = unsafe curl_multi_cleanup(handle) }
    }

    /// Starts the transfer of `easy` with the next ``perform()``; false if libcurl will not have it.
    func add(_ easy: borrowing EasyHandle) -> Bool {
        unsafe easy.withHandle { unsafe curl_multi_add_handle(handle, $0) == CURLM_OK }
    }

    /// Ends the transfer of `easy` at once, and its connection if the transfer has not finished.
    func remove(_ easy: borrowing EasyHandle) {
        _ = unsafe easy.withHandle { unsafe curl_multi_remove_handle(handle, $0) }
    }

    /// Moves the transfers whose sockets or time limits are due, without waiting; calls the callbacks. False on an
    /// error of libcurl's own.
    mutating func perform() -> Bool {
        var running: Int32 = 0
        var isGood = true
        for event in ready where unsafe curl_multi_socket_action(handle, event.socket, event.what, &running) != CURLM_OK
        {
            isGood = false
        }
        ready.removeAll(keepingCapacity: true)
        if sockets.takeDueTimer() {
            isGood = unsafe curl_multi_socket_action(handle, CURL_SOCKET_TIMEOUT, 0, &running) == CURLM_OK && isGood
        }
        return isGood
    }

    /// Waits for a socket, a time limit of libcurl's or the waker. False on an error, which may mean it did not wait.
    mutating func wait(atMostMilliseconds milliseconds: Int64) -> Bool {
        guard let events = sockets.wait(atMostMilliseconds: milliseconds) else { return false }
        ready = events
        return true
    }

    /// The next finished transfer and its result. It stays added until it is removed.
    func nextFinished() -> (transfer: Transfer, code: CURLcode)? {
        var left: Int32 = 0
        while let message = unsafe curl_multi_info_read(handle, &left) {
            guard unsafe message.pointee.msg == CURLMSG_DONE, let easy = unsafe message.pointee.easy_handle else {
                continue
            }
            let code = unsafe ccurl_message_result(message)
            var context: UnsafeMutableRawPointer?
            guard unsafe ccurl_easy_get_pointer(easy, CURLINFO_PRIVATE, &context) == CURLE_OK,
                let transfer = unsafe Transfer.recover(context)
            else { continue }
            return (transfer, code)
        }
        return nil
    }
}

/// libcurl's process-wide start, done once, before any handle, whichever thread comes first.
enum CurlLibrary {
    static let isReady = ccurl_global_init() == CURLE_OK
}

/// `CURLMOPT_SOCKETFUNCTION`, on the client's thread.
private func watchSocket(
    _ easy: UnsafeMutableRawPointer?,
    _ socket: curl_socket_t,
    _ wish: Int32,
    _ context: UnsafeMutableRawPointer?,
    _ socketContext: UnsafeMutableRawPointer?,
) -> Int32 {
    if let context = unsafe context {
        unsafe Unmanaged<SocketSet>.fromOpaque(context).takeUnretainedValue().watch(socket, wish)
    }
    return 0
}

/// `CURLMOPT_TIMERFUNCTION`, on the client's thread.
private func setTimer(
    _ multi: UnsafeMutableRawPointer?,
    _ milliseconds: Int,
    _ context: UnsafeMutableRawPointer?,
) -> Int32 {
    if let context = unsafe context {
        unsafe Unmanaged<SocketSet>.fromOpaque(context).takeUnretainedValue().setTimer(milliseconds: milliseconds)
    }
    return 0
}
