// One transfer: its easy handle, what it sends and what it received so far.
//
// Threads: made, used and freed on the client's thread only. libcurl holds an unretained pointer to it from `start`
// until the handle is removed from the multi handle; `TransferLoop` keeps it alive for that time.

internal import CCurl

/// A pooled easy handle with the state of the request that it is serving.
final class Transfer {
    /// What came of the response.
    struct Reception {
        var headerBytes: [UInt8] = []
        var body: [UInt8] = []
        var receivedHeaderBytes = 0
        var finalStatus: Int?
        var expectsStatusLine = true
        var headersAreComplete = false
        var headersAreTooLong = false
        var bodyIsTruncated = false
        var refusedAddress: CurlAddress?
        var remoteAddress: CurlAddress?
        var sendCount = 0
        var resendIsRefused = false
    }

    let easy: EasyHandle
    var reception = Reception()
    /// What the loop's gauge showed when this transfer began, in ms.
    var stallsBefore: Int64 = 0
    private(set) var submission: Submission?
    private var headers: HeaderList?
    /// Whether the handle has the options that are the same for every transfer.
    private var isPrepared = false
    private let errorText: ErrorText

    /// Nil if libcurl has no handle to give.
    init?() {
        guard let easy = EasyHandle() else { return nil }
        self.easy = easy
        errorText = ErrorText()
    }

    /// Takes the request and sets every option. The transfer must be finished with ``finish()`` even if this throws.
    func start(_ submission: Submission, configuration: CurlConfiguration) throws(OptionFailure) {
        self.submission = submission
        if !isPrepared {
            try easy.setPolicy(configuration)
            let context = unsafe Unmanaged.passUnretained(self).toOpaque()
            try unsafe easy.setContext(context, errorText: errorText.buffer)
            isPrepared = true
        }
        let list = try HeaderList(submission.headerLines)
        try easy.setRequest(submission.request, headers: list)
        headers = consume list
    }

    /// The transfer behind a pointer that libcurl gives back.
    @unsafe static func recover(_ context: UnsafeMutableRawPointer?) -> Transfer? {
        guard let context = unsafe context else { return nil }
        return unsafe Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue()
    }

    /// What came of it, from libcurl's result. Before ``finish()``.
    ///
    /// - Parameter stalled: how much of its time the thread was kept from it.
    func result(_ code: CURLcode, stalledMilliseconds stalled: Int64) -> Result<TransferOutcome, CurlError> {
        let moments = easy.moments()
        let isCutOnPurpose = code == CURLE_WRITE_ERROR && reception.bodyIsTruncated
        guard code == CURLE_OK || isCutOnPurpose, reception.refusedAddress == nil else {
            return .failure(failure(code, moments: moments, stalled))
        }
        return .success(
            TransferOutcome(
                status: easy.number(CURLINFO_RESPONSE_CODE),
                httpVersion: httpVersion,
                headerBytes: reception.headerBytes,
                body: reception.body,
                bodyIsTruncated: reception.bodyIsTruncated,
                moments: moments,
                remoteAddress: reception.remoteAddress,
                connectionWasReused: easy.number(CURLINFO_NUM_CONNECTS) == 0,
                sendCount: reception.sendCount,
            )
        )
    }

    /// Forgets the request. The handle must be out of the multi handle. False: it cannot serve another request.
    func finish() -> Bool {
        // Setting some forty options anew costs as much as the rest of a request to a near target. A plain POST sets the
        // same few as the next one; anything else leaves options behind that must not be there then.
        var isUsable = true
        if !(submission?.request.isPlainPost ?? false && easy.forgetRequest()) {
            isUsable = easy.reset()
            isPrepared = false
        }
        headers = nil
        submission = nil
        reception = Reception()
        errorText.clear()
        return isUsable
    }

    private var httpVersion: String {
        switch easy.number(CURLINFO_HTTP_VERSION) {
        case Int(CURL_HTTP_VERSION_1_0): "1.0"
        case Int(CURL_HTTP_VERSION_2_0): "2"
        default: "1.1"
        }
    }

    private func failure(_ code: CURLcode, moments: TransferMoments, _ stalled: Int64) -> CurlError {
        let hasPeer = easy.number(CURLINFO_PRIMARY_PORT) != 0
        let phase = FailureMap.phase(reception: reception, moments: moments, hasPeer: hasPeer)
        let timings = CurlTimings(moments: moments, phase: phase)
        let error = FailureMap.error(code, text: errorText.text, reception: reception, phase: phase, timings: timings)
        guard error.code == .timedOut, error.status == nil, let request = submission?.request else { return error }
        let total = request.totalTimeoutMilliseconds
        let limit = phase < .firstByte ? min(request.connectTimeoutMilliseconds, total) : total
        let isOurs = StallGauge.isToBlame(
            stalledMilliseconds: stalled, totalMilliseconds: moments.total / 1_000, limit: Int64(limit))
        return isOurs ? error.stalled(milliseconds: stalled) : error
    }
}

/// The buffer that libcurl writes the reason of a failure into.
@safe private struct ErrorText: ~Copyable {
    let buffer: UnsafeMutablePointer<CChar>

    init() {
        unsafe buffer = .allocate(capacity: Int(CURL_ERROR_SIZE))
        unsafe buffer.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
    }

    deinit { unsafe buffer.deallocate() }

    var text: String { unsafe String(cString: buffer) }

    func clear() { unsafe buffer.pointee = 0 }
}
