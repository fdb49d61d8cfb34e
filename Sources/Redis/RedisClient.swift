// Threads: callers on any thread; one connection, on its own thread. Callers put their commands into a queue and wait;
// whoever finds no serving run under way starts one, which takes all that waits, sends it in one flight, reads all the
// replies, answers all callers, and goes on until nothing waits. 64 callers at once cost one round trip and one hop.

public import Logging

/// A client of one Redis server: one connection, shared by any number of callers, made when it is first needed.
///
/// Nothing is sent twice, but for a script's call that the server answered with NOSCRIPT. A call whose connection dies
/// fails with ``RedisError/Code/connectionLost`` and may have been carried out or not; the caller knows whether a repeat
/// is safe. The first call afterwards reconnects at once; while attempts fail they pause for 50 ms, doubling to 2 s, and
/// calls during a pause fail at once with the last reason.
///
/// Commands that block the connection (`BLPOP`), change it (`SELECT`, `MULTI` in separate calls) or push (`SUBSCRIBE`)
/// do not belong here: every caller shares it. Blocking pops have ``RedisWaiter``.
public final class RedisClient: Sendable {
    private let connection: RedisConnection
    private let queue: RedisCallQueue

    /// Connects only at the first call.
    ///
    /// - Parameters:
    ///   - name: of the connection (`CLIENT SETNAME`) and of its thread.
    ///   - logger: told at debug level when the connection comes and goes.
    public convenience init(configuration: RedisConfiguration, name: String, logger: Logger? = nil) {
        self.init(configuration: configuration, name: name, logger: logger, limits: RedisLimits())
    }

    init(configuration: RedisConfiguration, name: String, logger: Logger? = nil, limits: RedisLimits) {
        connection = RedisConnection(configuration: configuration, name: name, limits: limits, logger: logger)
        queue = RedisCallQueue(limits: limits)
    }

    deinit {
        queue.close()
        connection.interrupter.close()
    }

    /// Whether the last flight left a living connection; false before the first one.
    public var isConnected: Bool { connection.isConnected }

    /// Sends the commands in their order, in one round trip unless there are more than 10,000 or 16 MiB of them, and
    /// returns their replies in the same order. They are no transaction: other callers' commands may come between.
    ///
    /// - Returns: one reply a command; an error of the server is a ``RedisReply/failure(_:)`` in its place.
    /// - Throws: ``RedisError`` when there are not replies to all commands. A cancelled caller gets
    ///   ``RedisError/Code/cancelled`` at once; what was sent already may be carried out.
    public func run(_ commands: [RedisCommand]) async throws(RedisError) -> [RedisReply] {
        if commands.isEmpty { return [] }
        return try await connection.run(RedisCall(commands), through: queue) {}
    }

    /// Sends one command and returns its reply.
    ///
    /// - Throws: as ``run(_:)-([RedisCommand])``, and ``RedisError/Code/server`` for an error of the server.
    public func run(_ command: RedisCommand) async throws(RedisError) -> RedisReply {
        let replies = try await run([command])
        if let failure = replies[0].failure { throw RedisError(failure) }
        return replies[0]
    }

    /// Fails all calls with ``RedisError/Code/closed``, those under way too, and ends the connection and its thread.
    /// Safe to call again. Waits for an attempt to connect that is under way, so at most the connect time-outs.
    public func shutdown() async {
        await connection.shutdown(queue)
    }
}
