// The owner of a libpq connection. Everything here is called on one thread, the connection's own, and returns at once
// except name look-up in `start` and `advance`. Waiting for the socket is the caller's.

import CPostgres

/// Owns one non-blocking libpq connection and closes it.
@safe struct PQConnection: ~Copyable {
    enum Progress { case waitingToRead, waitingToWrite, connected, failed }
    enum TransactionStatus { case idle, active, open, failed, unknown }

    private let handle: OpaquePointer
    private let notices: NoticeBoard

    /// Begins to connect. `nil` when out of memory.
    init?(keywords: [(name: String, value: String)], notices: NoticeBoard) {
        let started = unsafe withCStrings(keywords.map(\.name)) { names in
            unsafe withCStrings(keywords.map(\.value)) { values in unsafe PQconnectStartParams(names, values, 1) }
        }
        guard let started = unsafe started else { return nil }
        unsafe handle = unsafe started
        self.notices = notices
        // The one way to learn the SQLSTATE of a refused connection: it is printed in the verbose message.
        unsafe PQsetErrorVerbosity(handle, PQERRORS_VERBOSE)
        unsafe PQsetNoticeReceiver(handle, receiveNotice, Unmanaged.passUnretained(notices).toOpaque())
    }

    deinit { unsafe PQfinish(handle) }

    var isBroken: Bool { unsafe PQstatus(handle) == CONNECTION_BAD || notices.isDoomed }
    var socket: Int32 { unsafe PQsocket(handle) }
    var errorMessage: String { unsafe PQerrorMessage(handle).map { unsafe String(cString: $0) } ?? "" }
    /// The password in use, wherever libpq found it.
    var password: String? { unsafe PQpass(handle).map { unsafe String(cString: $0) } }

    var transactionStatus: TransactionStatus {
        switch unsafe PQtransactionStatus(handle) {
        case PQTRANS_IDLE: .idle
        case PQTRANS_ACTIVE: .active
        case PQTRANS_INTRANS: .open
        case PQTRANS_INERROR: .failed
        default: .unknown
        }
    }

    /// One step of connecting.
    func advance() -> Progress {
        switch unsafe PQconnectPoll(handle) {
        case PGRES_POLLING_READING: .waitingToRead
        case PGRES_POLLING_WRITING: .waitingToWrite
        case PGRES_POLLING_OK: unsafe PQsetnonblocking(handle, 1) == 0 ? .connected : .failed
        default: .failed
        }
    }

    func send(sql: String) -> Bool { unsafe PQsendQuery(handle, sql) == 1 }

    func sendPrepare(name: String, sql: String, types: [UInt32]) -> Bool {
        unsafe PQsendPrepare(handle, name, sql, Int32(types.count), types) == 1
    }

    /// Executes a prepared statement; its result comes as text.
    func sendExecute(name: String, parameters: EncodedParameters) -> Bool {
        // An empty buffer has no address, and an empty bytea still needs one to differ from NULL.
        let bytes = parameters.bytes.isEmpty ? [0] : parameters.bytes
        return unsafe bytes.withUnsafeBytes { buffer in
            let values = unsafe parameters.offsets.map { offset in
                unsafe offset < 0
                    ? nil
                    : (buffer.baseAddress! + min(offset, buffer.count - 1))
                        .assumingMemoryBound(to: CChar.self)
            }
            return unsafe PQsendQueryPrepared(
                handle, name, Int32(values.count), values, parameters.lengths, parameters.formats, 0)
        } == 1
    }

    /// Sends what is buffered; `true` when something is left to send.
    func flush() -> Bool { unsafe PQflush(handle) == 1 }

    /// Reads what has come; `false` when the connection is lost.
    func consumeInput() -> Bool { unsafe PQconsumeInput(handle) == 1 }

    /// Whether the next result is not here yet. Takes in notices and notifications as a side effect.
    var isBusy: Bool { unsafe PQisBusy(handle) != 0 }

    /// The next result of what was sent, `nil` after the last. Call while ``isBusy`` is false.
    func nextResult() -> PQResult? {
        guard let result = unsafe PQgetResult(handle) else { return nil }
        return unsafe PQResult(owning: result)
    }

    func nextNotification() -> PostgresNotification? {
        guard let notification = unsafe PQnotifies(handle) else { return nil }
        defer { unsafe PQfreemem(notification) }
        let channel = unsafe String(cString: notification.pointee.relname)
        let payload = unsafe notification.pointee.extra.map { unsafe String(cString: $0) } ?? ""
        return .message(channel: channel, payload: payload)
    }

    /// What a cancel request for this connection needs. `nil` when out of memory.
    func makeCancel() -> PQCancel? {
        guard let cancel = unsafe PQgetCancel(handle) else { return nil }
        return unsafe PQCancel(owning: cancel)
    }
}

/// Called by libpq, on the connection's thread, from within one of the calls above.
private func receiveNotice(_ context: UnsafeMutableRawPointer?, _ result: OpaquePointer?) {
    guard let context = unsafe context, let result = unsafe result else { return }
    let board = unsafe Unmanaged<NoticeBoard>.fromOpaque(context).takeUnretainedValue()
    let (isFarewell, text) = unsafe PQResult.withBorrowed(result) { ($0.isFarewell, $0.noticeText) }
    board.receive(isFarewell: isFarewell, text: text)
}

/// Passes the strings as the NULL-terminated array of C strings that libpq takes, from one flat buffer.
private func withCStrings<Result>(
    _ strings: [String],
    _ body: (UnsafePointer<UnsafePointer<CChar>?>) -> Result,
) -> Result {
    var offsets: [Int] = []
    var bytes: [UInt8] = []
    for string in strings {
        offsets.append(bytes.count)
        bytes.append(contentsOf: string.utf8)
        bytes.append(0)
    }
    return unsafe bytes.withUnsafeBytes { buffer in
        var pointers: [UnsafePointer<CChar>?] = unsafe offsets.map { offset in
            unsafe buffer.baseAddress.map { unsafe ($0 + offset).assumingMemoryBound(to: CChar.self) }
        }
        unsafe pointers.append(nil)
        return unsafe pointers.withUnsafeBufferPointer { unsafe body($0.baseAddress!) }
    }
}
