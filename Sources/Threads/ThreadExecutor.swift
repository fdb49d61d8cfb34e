// Threads: one POSIX thread that runs the jobs of the actors which name it as their executor.
//
// Why it exists: a call into hiredis, libpq or libcurl may wait on a socket, and Swift's shared pool has one thread
// a core, so one such call on the pool stalls the process. An actor whose `unownedExecutor` is a `ThreadExecutor` may
// block as long as it likes.
//
// Order: jobs run in the order they were enqueued, one at a time, all on the one thread. A hop to the thread costs
// 3 to 11 µs when it sleeps, so callers batch. Enqueueing never blocks and signals only when the thread sleeps.

import Dispatch
import Foundation

/// A serial executor with a thread of its own, ended and joined by ``stop()`` or when the last reference goes.
///
/// The thread sleeps in its ``Parker``; giving a library's own poll function as the parker turns the executor into
/// that library's event loop.
public final class ThreadExecutor: SerialExecutor {
    private let core: Core

    /// Starts the thread.
    ///
    /// - Parameters:
    ///   - name: shown by debuggers and `top -H`; the kernel keeps the first 15 bytes.
    ///   - parker: how the thread waits while it has no job.
    public init(name: String, parker: any Parker = SemaphoreParker()) {
        core = Core(parker: parker)
        core.start(name: name)
    }

    deinit { core.stop() }

    public func enqueue(_ job: consuming ExecutorJob) {
        unsafe Core.enqueue(Work(UnownedJob(job), on: asUnownedSerialExecutor()), to: core)
    }

    public func asUnownedSerialExecutor() -> UnownedSerialExecutor {
        unsafe UnownedSerialExecutor(ordinary: self)
    }

    /// Whether the caller runs on this executor's thread.
    public var isCurrentThread: Bool { core.isCurrentThread }

    public func checkIsolated() {
        precondition(isCurrentThread, "called off the thread that owns this actor")
    }

    public func isIsolatingCurrentContext() -> Bool? { isCurrentThread }

    /// Runs the jobs that are already enqueued, ends the thread and waits for it. Safe to call again, and from the
    /// thread itself, where it cannot wait. Jobs enqueued afterwards run on threads that enqueue them, still one at a
    /// time and in order, so no caller is left hanging.
    public func stop() { core.stop() }
}

/// One job and the executor it is for, which outlives it: an actor with a waiting job keeps its executor.
@safe private struct Work {
    private let job: UnownedJob
    private let executor: UnownedSerialExecutor

    init(_ job: UnownedJob, on executor: UnownedSerialExecutor) {
        self.job = job
        unsafe self.executor = unsafe executor
    }

    func run() { unsafe job.runSynchronously(on: executor) }
}

/// What the thread and the executor share: apart from the executor, so that the running thread keeps no reference to
/// it and the executor's `deinit` can end the thread.
private final class Core: Sendable {
    private struct State {
        var jobs: [Work] = []
        var isParked = false
        var isStopping = false
        var hasEnded = false
        /// Whether some thread runs what was enqueued after the end.
        var isServed = false
        var thread: ObjectIdentifier?
    }

    private enum Step { case run, park, end }

    private let state = Locked(State())
    private let parker: any Parker
    private let ended = DispatchSemaphore(value: 0)

    init(parker: any Parker) { self.parker = parker }

    var isCurrentThread: Bool { state.withLock { $0.thread } == ObjectIdentifier(Thread.current) }

    private enum Need { case nothing, wake, service }

    /// Consumes its reference to the core: as soon as the job is in the queue it may run, and with it the last of those
    /// who keep the executor may go.
    @inline(never)
    static func enqueue(_ work: Work, to core: consuming Core) {
        let need: Need = core.state.withLock { state in
            state.jobs.append(work)
            if state.hasEnded {
                defer { state.isServed = true }
                return state.isServed ? .nothing : .service
            }
            defer { state.isParked = false }
            return state.isParked ? .wake : .nothing
        }
        switch need {
        case .nothing: break
        case .wake: core.parker.unpark()
        case .service: core.serve()
        }
    }

    /// Runs what is enqueued after the end, on behalf of everybody.
    private func serve() {
        while true {
            let batch = state.withLock { state in
                if state.jobs.isEmpty { state.isServed = false }
                defer { state.jobs = [] }
                return state.jobs
            }
            if batch.isEmpty { return }
            for work in batch { work.run() }
        }
    }

    func start(name: String) {
        let thread = Thread { [self] in run() }
        thread.name = name
        thread.start()
    }

    private func run() {
        state.withLock { $0.thread = ObjectIdentifier(Thread.current) }
        var batch: [Work] = []
        while true {
            switch nextStep(&batch) {
            case .run:
                for work in batch { work.run() }
                batch.removeAll(keepingCapacity: true)
            case .park:
                parker.park()
            case .end:
                ended.signal()
                return
            }
        }
    }

    private func nextStep(_ batch: inout [Work]) -> Step {
        state.withLock { state in
            state.isParked = false
            if !state.jobs.isEmpty {
                swap(&batch, &state.jobs)
                return .run
            }
            if state.isStopping {
                state.hasEnded = true
                return .end
            }
            state.isParked = true
            return .park
        }
    }

    func stop() {
        let (isFirst, wake) = state.withLock { state in
            defer {
                state.isStopping = true
                state.isParked = false
            }
            return (!state.isStopping, state.isParked)
        }
        if wake { parker.unpark() }
        if isFirst, !isCurrentThread { ended.wait() }
    }
}
