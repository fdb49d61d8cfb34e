// The one owner of a hiredis context, and the one file here that touches C memory. Used by one thread at a time.
//
// hiredis connects and parses; sending and receiving are done here, for four reasons. Its blocking write would wait for
// a server which itself waits for us to read: here both directions move in turn, so no pipeline is too long. Its output
// buffer would copy every flight once more, and shift the rest after each partial write. Its `write` raises SIGPIPE:
// `send` with MSG_NOSIGNAL does not, and leaves the process's signals alone. And one time-out rules both directions.

import CHiredis
import Glibc

@safe struct HiredisContext: ~Copyable {
    private let context: UnsafeMutablePointer<redisContext>
    private let interrupter: SocketInterrupter
    private let limits: RedisLimits
    private var received = [UInt8](repeating: 0, count: HiredisContext.receiveBytes)
    private var unfinishedReplyBytes = 0

    /// hiredis moves what is unread after each KiB that it consumed, so a larger buffer would make it slower.
    private static let receiveBytes = 16 * 1024

    /// Connects, waiting up to the configuration's connect time-out.
    init(
        configuration: RedisConfiguration,
        interrupter: SocketInterrupter,
        limits: RedisLimits
    ) throws(RedisError) {
        unsafe context = try HiredisContext.open(configuration, interrupter)
        self.interrupter = interrupter
        self.limits = limits
    }

    deinit {
        interrupter.detach()
        unsafe redisFree(context)
    }

    /// Sends the commands in `request` and reads their replies, appending each as it comes.
    ///
    /// - Parameter timeoutMilliseconds: the longest time without one byte moving either way.
    /// - Throws: after which the context is of no use.
    mutating func exchange(
        _ request: [UInt8],
        replyCount: Int,
        timeoutMilliseconds: Int64,
        into replies: inout [RedisReply]
    ) throws(RedisError) {
        let goal = replies.count + replyCount
        var sent = 0
        while true {
            while replies.count < goal, let reply = try nextReply() { replies.append(reply) }
            if replies.count == goal { return }
            let before = sent
            if sent < request.count { sent += try send(request, from: sent) }
            if try receive() || sent > before { continue }
            try wait(alsoToSend: sent < request.count, timeoutMilliseconds: timeoutMilliseconds)
        }
    }

    /// Whether an idle connection has hung up, or has something to say that nobody asked for. Costs one system call.
    var isStale: Bool {
        let reader = unsafe context.pointee.reader
        if let reader = unsafe reader, unsafe reader.pointee.pos < reader.pointee.len { return true }
        var descriptor = unsafe pollfd(fd: context.pointee.fd, events: Int16(POLLIN), revents: 0)
        return unsafe poll(&descriptor, 1, 0) != 0
    }

    private static func open(
        _ configuration: RedisConfiguration,
        _ interrupter: SocketInterrupter
    ) throws(RedisError) -> UnsafeMutablePointer<redisContext> {
        let endpoint = configuration.endpoint
        let timeout = timeval(milliseconds: configuration.connectTimeout.wholeMilliseconds)
        let connected: UnsafeMutablePointer<redisContext>?
        switch endpoint {
        case .tcp(let host, let port):
            unsafe connected = unsafe redisConnectWithTimeout(host, Int32(clamping: port), timeout)
        case .unix(let path):
            // hiredis would connect to the path cut short.
            guard path.utf8.count <= RedisLimits.socketPathBytes else {
                throw RedisError(.invalidConfiguration, "the socket path is too long")
            }
            unsafe connected = unsafe redisConnectUnixWithTimeout(path, timeout)
        }
        let number = errno
        guard let context = unsafe connected else {
            throw RedisError(.connectFailed, "cannot connect to \(endpoint): out of memory")
        }
        do throws(RedisError) {
            unsafe try check(context, endpoint, number)
            unsafe try prepareSocket(context, endpoint)
            guard unsafe interrupter.attach(context.pointee.fd) else { throw RedisError.closed }
        } catch {
            unsafe redisFree(context)
            throw error
        }
        return unsafe context
    }

    private static func check(
        _ context: UnsafeMutablePointer<redisContext>,
        _ endpoint: RedisConfiguration.Endpoint,
        _ number: Int32
    ) throws(RedisError) {
        guard unsafe context.pointee.err != 0 else { return }
        let reason = unsafe withUnsafeBytes(of: context.pointee.errstr) { unsafe String(upToZero: $0) }
        let isSystem = unsafe context.pointee.err == REDIS_ERR_IO
        throw RedisError(
            .connectFailed,
            "cannot connect to \(endpoint): \(reason)",
            underlying: isSystem ? RedisSystemFailure(number: number) : nil
        )
    }

    /// hiredis has set TCP_NODELAY already.
    private static func prepareSocket(
        _ context: UnsafeMutablePointer<redisContext>,
        _ endpoint: RedisConfiguration.Endpoint
    ) throws(RedisError) {
        guard unsafe fcntl(context.pointee.fd, F_SETFD, FD_CLOEXEC) == 0 else {
            throw .connectFailed("cannot set close-on-exec", number: errno)
        }
        guard case .tcp = endpoint else { return }
        guard unsafe redisEnableKeepAlive(context) == REDIS_OK else {
            throw .connectFailed("cannot set keep-alive", number: errno)
        }
    }

    private func send(_ request: [UInt8], from offset: Int) throws(RedisError) -> Int {
        let flags = Int32(MSG_DONTWAIT | MSG_NOSIGNAL)
        let count = unsafe request.withUnsafeBytes { bytes in
            let rest = unsafe UnsafeRawBufferPointer(rebasing: bytes[offset...])
            return unsafe Glibc.send(context.pointee.fd, rest.baseAddress, rest.count, flags)
        }
        if count >= 0 { return count }
        let number = errno
        if number == EAGAIN || number == EINTR { return 0 }
        throw .connectionLost(number: number)
    }

    /// Feeds what has arrived to the parser; false if nothing has.
    private mutating func receive() throws(RedisError) -> Bool {
        let reader = unsafe context.pointee.reader
        let socket = unsafe context.pointee.fd
        let (count, number, isFed) = unsafe received.withUnsafeMutableBytes { bytes in
            let count = unsafe recv(socket, bytes.baseAddress, bytes.count, Int32(MSG_DONTWAIT))
            if count <= 0 { return (count, errno, true) }
            return unsafe (count, 0, redisReaderFeed(reader, bytes.baseAddress, count) == REDIS_OK)
        }
        guard isFed else { throw RedisError(.protocolViolation, "the parser has no memory for the reply") }
        if count == 0 { throw .connectionLost(number: nil) }
        if count < 0 {
            if number == EAGAIN { return false }
            if number == EINTR { return true }
            throw .connectionLost(number: number)
        }
        unfinishedReplyBytes += count
        if unfinishedReplyBytes > limits.replyBytes {
            throw RedisError(.protocolViolation, "a reply is larger than \(limits.replyBytes) bytes")
        }
        return true
    }

    private func wait(alsoToSend: Bool, timeoutMilliseconds: Int64) throws(RedisError) {
        let deadline = MonotonicTime.milliseconds + timeoutMilliseconds
        let events = Int16(POLLIN) | (alsoToSend ? Int16(POLLOUT) : 0)
        while true {
            var descriptor = unsafe pollfd(fd: context.pointee.fd, events: events, revents: 0)
            let rest = max(0, deadline - MonotonicTime.milliseconds)
            let count = unsafe poll(&descriptor, 1, Int32(clamping: rest))
            if count > 0 { return }
            if count == 0 {
                let reason = "no answer within \(timeoutMilliseconds) ms; the command may yet be carried out"
                throw RedisError(.timedOut, reason)
            }
            let number = errno
            guard number == EINTR else { throw .connectionLost(number: number) }
        }
    }

    /// The next reply that has arrived in full, or nil.
    private mutating func nextReply() throws(RedisError) -> RedisReply? {
        let reader = unsafe context.pointee.reader
        var object: UnsafeMutableRawPointer?
        guard let reader = unsafe reader, unsafe redisReaderGetReply(reader, &object) == REDIS_OK else {
            let reason = unsafe reader.map { reader in
                unsafe withUnsafeBytes(of: reader.pointee.errstr) { unsafe String(upToZero: $0) }
            }
            throw RedisError(.protocolViolation, "the reply cannot be read: \(reason ?? "no parser")")
        }
        guard let object = unsafe object else { return nil }
        defer { unsafe freeReplyObject(object) }
        unfinishedReplyBytes = 0
        return unsafe try RedisReply(copying: object.assumingMemoryBound(to: redisReply.self), depth: limits.replyDepth)
    }
}

extension RedisReply {
    /// - Parameter depth: how many arrays may yet be nested.
    fileprivate init(copying object: UnsafePointer<redisReply>, depth: Int) throws(RedisError) {
        let reply = unsafe object.pointee
        switch unsafe reply.type {
        case REDIS_REPLY_STRING:
            self = unsafe .bytes([UInt8](UnsafeRawBufferPointer(start: reply.str, count: reply.len)))
        case REDIS_REPLY_INTEGER:
            self = unsafe .integer(reply.integer)
        case REDIS_REPLY_STATUS:
            self = unsafe .status(String(copying: reply))
        case REDIS_REPLY_NIL:
            self = .null
        case REDIS_REPLY_ERROR:
            self = unsafe .failure(RedisServerFailure(line: String(copying: reply)))
        case REDIS_REPLY_ARRAY:
            guard depth > 0 else { throw RedisError(.protocolViolation, "the reply is nested too deep") }
            var elements: [RedisReply] = []
            unsafe elements.reserveCapacity(reply.elements)
            for index in unsafe 0..<reply.elements {
                guard let element = unsafe reply.element[index] else {
                    throw RedisError(.protocolViolation, "an element of the reply is missing")
                }
                elements.append(unsafe try RedisReply(copying: element, depth: depth - 1))
            }
            self = .array(elements)
        default:
            throw RedisError(.protocolViolation, "the reply is of a type that was not asked for")
        }
    }
}

extension String {
    fileprivate init(copying reply: redisReply) {
        self = unsafe String(decoding: UnsafeRawBufferPointer(start: reply.str, count: reply.len), as: UTF8.self)
    }
}

extension String {
    fileprivate init(upToZero bytes: UnsafeRawBufferPointer) {
        self = unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }
}

extension timeval {
    fileprivate init(milliseconds: Int64) {
        let (seconds, rest) = max(1, milliseconds).quotientAndRemainder(dividingBy: 1000)
        self.init(tv_sec: Int(seconds), tv_usec: Int(rest * 1000))
    }
}

extension RedisSystemFailure {
    fileprivate init(number: Int32) {
        self.init(number: number, message: unsafe strerror(number).map { unsafe String(cString: $0) } ?? "unknown")
    }
}

extension RedisError {
    fileprivate static func connectFailed(_ what: String, number: Int32) -> RedisError {
        let failure = RedisSystemFailure(number: number)
        return RedisError(.connectFailed, "\(what): \(failure)", underlying: failure)
    }

    /// Nil for `number` means that the server closed the connection in order.
    fileprivate static func connectionLost(number: Int32?) -> RedisError {
        let failure = number.map { RedisSystemFailure(number: $0) }
        let reason = failure?.description ?? "the server closed it"
        return RedisError(
            .connectionLost,
            "the connection was lost: \(reason); the command may have been carried out",
            underlying: failure
        )
    }
}
