/// Where one HTTP/1.1 connection is, and what has to happen next. Pure: no channel, no timer, no clock.
///
/// It knows three things that the server below does not do: a request must arrive within a time limit, an answer with
/// `Connection: close` closes the connection, and a head that cannot be parsed gets an answer.
struct ConnectionState {
    enum TimerAction: Equatable {
        case schedule(atMilliseconds: Int64)
        case failReading
        case closeNow
        case nothing
    }

    enum ErrorAction: Equatable {
        /// Nobody above waits for an answer yet, so it is given here.
        case answer
        case passOn
        case nothing
    }

    private let readLimitMilliseconds: Int64
    private var deadlineMilliseconds: Int64?
    private var isTimerScheduled = false
    private var requestsWithoutResponse = 0
    private var endsWithThisResponse = false
    /// The last answer is on its way; whatever still arrives is dropped.
    private(set) var isClosing = false

    init(readLimitMilliseconds: Int64) {
        self.readLimitMilliseconds = readLimitMilliseconds
    }

    /// A request's head has arrived. There is one timer a connection, which finds its next deadline when it fires: a
    /// timer a request would cost more than the request.
    mutating func requestBegan(atMilliseconds now: Int64) -> TimerAction {
        requestsWithoutResponse += 1
        let deadline = now + readLimitMilliseconds
        deadlineMilliseconds = deadline
        guard !isTimerScheduled else { return .nothing }
        isTimerScheduled = true
        return .schedule(atMilliseconds: deadline)
    }

    /// A request has arrived in full.
    mutating func requestEnded() {
        deadlineMilliseconds = nil
    }

    mutating func timerFired(atMilliseconds now: Int64) -> TimerAction {
        isTimerScheduled = false
        guard let deadline = deadlineMilliseconds, !isClosing else { return .nothing }
        guard now >= deadline else {
            isTimerScheduled = true
            return .schedule(atMilliseconds: deadline)
        }
        deadlineMilliseconds = nil
        return requestsWithoutResponse > 0 ? .failReading : .closeNow
    }

    mutating func responseBegan(closes: Bool) {
        endsWithThisResponse = closes
    }

    /// Whether the connection has to be closed once this answer is sent.
    mutating func responseEnded() -> Bool {
        requestsWithoutResponse -= 1
        isClosing = isClosing || endsWithThisResponse
        return isClosing
    }

    /// The bytes of the client make no sense, or the connection broke.
    mutating func errorCaught(isConnectionLost: Bool) -> ErrorAction {
        if isClosing { return .nothing }
        guard !isConnectionLost, requestsWithoutResponse == 0 else { return .passOn }
        isClosing = true
        return .answer
    }
}
