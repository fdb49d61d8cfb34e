// One connection, on one thread of its own, where every wait for the socket happens. The actor's methods never suspend,
// so its state is whole whenever another one starts. Order: commands go out in the order of their calls; replies come in
// the same order. A context that failed once is dropped; the next flight makes another one.

import Logging
import Synchronization
import Threads

/// Carries flights of commands to the server and their replies back.
actor RedisConnection {
    nonisolated let executor: ThreadExecutor
    nonisolated let interrupter = SocketInterrupter()
    nonisolated let connected = Atomic(false)

    let configuration: RedisConfiguration
    let limits: RedisLimits
    let name: String
    let logger: Logger?
    var context: HiredisContext?
    var backoff = ReconnectBackoff()
    var lastFailure: RedisError?
    var buffer: [UInt8] = []
    /// Digests of the scripts that were loaded, by name.
    var digests: [String: [UInt8]] = [:]

    init(configuration: RedisConfiguration, name: String, limits: RedisLimits, logger: Logger?) {
        self.configuration = configuration
        self.name = name
        self.limits = limits
        self.logger = logger
        executor = ThreadExecutor(name: name)
    }

    nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe executor.asUnownedSerialExecutor() }

    nonisolated var isConnected: Bool { connected.load(ordering: .relaxed) }

    /// Carries flight after flight until nothing waits.
    func serve(_ queue: RedisCallQueue) {
        while let calls = queue.nextFlight() { carry(calls) }
    }

    /// Closes the socket; the next flight would open another one.
    func disconnect() {
        context = nil
        connected.store(false, ordering: .relaxed)
    }

    /// One flight: every call is answered when it returns.
    private func carry(_ calls: [RedisCall]) {
        let operation = calls.count == 1 ? calls[0].operation : nil
        if let operation { interrupter.begin(operation) }
        var replies: [RedisReply] = []
        replies.reserveCapacity(calls.reduce(0) { $0 + $1.commands.count })
        var failure: RedisError?
        do throws(RedisError) {
            try connectIfNeeded()
            if operation != nil, calls[0].isAnswered || interrupter.isInterrupted { throw RedisError.cancelled }
            try exchange(calls, into: &replies)
        } catch {
            failure = error
            if error.code == .connectionLost || error.code == .timedOut || error.code == .protocolViolation {
                logger?.debug("redis connection dropped", metadata: ["reason": "\(error)"])
                disconnect()
            }
        }
        if operation != nil, interrupter.end() { disconnect() }
        deliver(replies, to: calls, failure: failure)
    }

    /// Calls that have all their replies get them even if the connection died afterwards.
    private func deliver(_ replies: [RedisReply], to calls: [RedisCall], failure: RedisError?) {
        if calls.count == 1, failure == nil {
            calls[0].answer(.success(replies))
            return
        }
        var start = 0
        for call in calls {
            let end = start + call.commands.count
            if let failure, end > replies.count || isMissingScript(call, replies[start..<end]) {
                call.answer(.failure(failure))
            } else {
                call.answer(.success(Array(replies[start..<end])))
            }
            start = end
        }
    }

    private func isMissingScript(_ call: RedisCall, _ replies: ArraySlice<RedisReply>) -> Bool {
        zip(call.commands, replies).contains { $0.script != nil && $1.failure?.isMissingScript == true }
    }
}
