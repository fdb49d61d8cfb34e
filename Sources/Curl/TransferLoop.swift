// The client's event loop: an actor on its own thread, which waits in its socket set while it has no job.
//
// One turn: take what callers left, start and end transfers, let libcurl move all of them, hand out what finished,
// wait.
// Callers never hop to this actor: they leave a request in the inbox and are resumed from here. The only job that the
// actor runs is `close`.

internal import CCurl
internal import Glibc
internal import Synchronization
internal import Threads

/// Owns the multi handle and every transfer in it.
actor TransferLoop {
    private static let longestWaitMilliseconds: Int64 = 10_000
    private static let mostIdleTransfers = 256
    private static let pauseMicroseconds: UInt32 = 10_000

    // The client owns both and stops the executor before it lets go of it.
    private unowned let executor: ThreadExecutor
    private let inbox: Inbox
    private let configuration: CurlConfiguration
    private var multi: MultiHandle?
    private var active: [Ticket: Transfer] = [:]
    private var idle: [Transfer] = []
    private var gauge = StallGauge()
    private var finished: [(CheckedContinuation<Result<TransferOutcome, CurlError>, Never>, Answer)] = []

    private typealias Answer = Result<TransferOutcome, CurlError>

    nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe executor.asUnownedSerialExecutor() }

    /// Makes the multi handle and opens the inbox; if libcurl has none to give, the loop starts closed.
    init(executor: ThreadExecutor, inbox: Inbox, configuration: CurlConfiguration) {
        self.executor = executor
        self.inbox = inbox
        self.configuration = configuration
        // libcurl counts connections in use as well, and at its limit each answer would close a warm one.
        let connections = configuration.maximumConnections + configuration.maximumInFlight
        if let made = MultiHandle(maximumConnections: connections) {
            inbox.open(made.waker)
            multi = consume made
        } else {
            multi = nil
        }
    }

    /// One round; called by the thread when it has no job. False once closed.
    func turn() -> Bool {
        guard multi != nil else { return false }
        gauge.turn(nowMilliseconds: SocketSet.now(), isWatched: !active.isEmpty)
        accept(inbox.take())
        let hasMoved = multi?.perform() ?? false
        while let (transfer, code) = multi?.nextFinished() {
            let stalled = gauge.totalMilliseconds - transfer.stallsBefore
            settle(transfer, transfer.result(code, stalledMilliseconds: stalled))
        }
        answer()
        guard inbox.beginWaiting() else { return true }
        let longest = active.isEmpty ? Self.longestWaitMilliseconds : StallGauge.tickMilliseconds
        let hasWaited = multi?.wait(atMostMilliseconds: longest) ?? false
        inbox.endWaiting()
        // An error of libcurl's own returns at once: do not spin on it.
        if !hasMoved || !hasWaited { usleep(Self.pauseMicroseconds) }
        return true
    }

    /// Answers everything that waits or runs with `.closed` and frees the handles, connections included.
    func close() {
        let batch = inbox.close()
        for submission in batch.submissions { finished.append((submission.continuation, .failure(.closedClient))) }
        for transfer in active.values.map(\.self) { settle(transfer, .failure(.closedClient)) }
        answer()
        idle.removeAll()
        multi = nil
    }

    private func accept(_ batch: Inbox.Batch) {
        for submission in batch.submissions {
            if submission.ticket.isCancelled {
                finished.append((submission.continuation, .failure(.cancelledByCaller)))
            } else {
                start(submission)
            }
        }
        for ticket in batch.cancellations {
            if let transfer = active[ticket] { settle(transfer, .failure(.cancelledByCaller)) }
        }
    }

    private func start(_ submission: Submission) {
        guard let transfer = idle.popLast() ?? Transfer() else {
            finished.append((submission.continuation, .failure(.outOfHandles)))
            return
        }
        do throws(OptionFailure) {
            transfer.stallsBefore = gauge.totalMilliseconds
            try transfer.start(submission, configuration: configuration)
            guard multi?.add(transfer.easy) ?? false else { throw OptionFailure(code: CURLE_FAILED_INIT) }
            active[submission.ticket] = transfer
        } catch {
            finished.append((submission.continuation, transfer.result(error.code, stalledMilliseconds: 0)))
            recycle(transfer)
        }
    }

    /// Takes a transfer out of libcurl and keeps its answer for the end of the round.
    private func settle(_ transfer: Transfer, _ result: Answer) {
        multi?.remove(transfer.easy)
        if let submission = transfer.submission {
            active[submission.ticket] = nil
            finished.append((submission.continuation, result))
        }
        recycle(transfer)
    }

    private func recycle(_ transfer: Transfer) {
        if transfer.finish(), idle.count < Self.mostIdleTransfers { idle.append(transfer) }
    }

    private func answer() {
        guard !finished.isEmpty else { return }
        inbox.release(finished.count)
        for (continuation, result) in finished { continuation.resume(returning: result) }
        finished.removeAll(keepingCapacity: true)
    }
}

/// Lets the executor's thread run the loop whenever it has no job.
final class LoopParker: Parker {
    private let inbox: Inbox
    private let loop = Locked<TransferLoop?>(nil)
    private let semaphore = SemaphoreParker()

    init(inbox: Inbox) { self.inbox = inbox }

    /// Gives the thread its loop; until then, and once the loop is closed, it sleeps.
    func attach(_ loop: TransferLoop) {
        self.loop.withLock { $0 = loop }
        semaphore.unpark()
    }

    func park() {
        if let loop = loop.withLock({ $0 }), loop.assumeIsolated({ $0.turn() }) { return }
        semaphore.park()
    }

    func unpark() {
        inbox.wake()
        semaphore.unpark()
    }
}

extension CurlError {
    static let cancelledByCaller = CurlError(code: .cancelled, message: "the sending task was cancelled")
    static let outOfHandles = CurlError(code: .internal, message: "libcurl has no handle to give")
}
