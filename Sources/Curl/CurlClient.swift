internal import Threads

/// Sends HTTP requests through libcurl from one thread of its own.
///
/// Any number of tasks may send at once; connections are kept and shared between them. `send` costs no actor hop: the
/// request is left for the thread, which starts all that came in one go. End it with ``shutdown()``.
public final class CurlClient: Sendable {
    private let configuration: CurlConfiguration
    private let inbox: Inbox
    private let loop: TransferLoop
    private let executor: ThreadExecutor

    /// Starts the thread. If libcurl itself cannot start, every `send` throws ``CurlError/Code/closed``.
    public init(configuration: CurlConfiguration = CurlConfiguration()) {
        let configuration = configuration.clamped()
        self.configuration = configuration
        inbox = Inbox(maximumInFlight: configuration.maximumInFlight)
        let parker = LoopParker(inbox: inbox)
        executor = ThreadExecutor(name: "curl", parker: parker)
        loop = TransferLoop(executor: executor, inbox: inbox, configuration: configuration)
        parker.attach(loop)
    }

    /// Nothing can be in flight: a waiting `send` keeps the client.
    deinit { executor.stop() }

    /// Sends one request and waits for its response, at most the request's total time limit.
    ///
    /// Any status is a response; only failures below HTTP throw. Cancelling the task ends the transfer and its
    /// connection and throws ``CurlError/Code/cancelled``; the target may have read the request by then.
    public func send(_ request: CurlRequest) async throws(CurlError) -> CurlResponse {
        let lines = try RequestCheck.headerLines(of: request, bodyLimitBytes: configuration.requestBodyLimitBytes)
        let ticket = Ticket()
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let submission = Submission(
                    ticket: ticket, request: request, headerLines: lines, continuation: continuation)
                if let refusal = inbox.submit(submission) { continuation.resume(returning: .failure(refusal)) }
            }
        } onCancel: {
            inbox.cancel(ticket)
        }
        return CurlResponse(try result.get())
    }

    /// Fails everything in flight with ``CurlError/Code/closed``, closes all connections and ends the thread. Safe to
    /// call again; `send` throws ``CurlError/Code/closed`` from then on.
    public func shutdown() async {
        await loop.close()
        executor.stop()
    }
}
