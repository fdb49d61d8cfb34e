// Threads: as in `RedisClient`, but each flight is one pop. A cancel answers its caller first and then shuts the socket
// down, which ends the blocked read; the connection is dropped and the next pop makes another one.

public import Logging

/// A connection of its own for blocking pops, such as a worker waiting for a doorbell.
///
/// Meant for one caller: pops wait for each other. When there is no server, a pop fails at once, so a loop of pops must
/// pause between failures; ``RedisError/retryAfterMilliseconds`` says how long.
public final class RedisWaiter: Sendable {
    private let connection: RedisConnection
    private let queue: RedisCallQueue

    /// Connects only at the first pop.
    ///
    /// - Parameters:
    ///   - name: of the connection (`CLIENT SETNAME`) and of its thread.
    ///   - logger: told at debug level when the connection comes and goes.
    public init(configuration: RedisConfiguration, name: String, logger: Logger? = nil) {
        var limits = RedisLimits()
        limits.flightCommands = 1
        connection = RedisConnection(configuration: configuration, name: name, limits: limits, logger: logger)
        queue = RedisCallQueue(limits: limits)
    }

    deinit {
        queue.close()
        connection.interrupter.close()
    }

    /// Takes the first element of the first list that has one, waiting until one has (`BLPOP`).
    ///
    /// A cancelled pop throws ``RedisError/Code/cancelled`` at once, and its connection is dropped. An element which the
    /// server popped while the cancel was under way, or whose reply a dying connection lost, is gone: pop what may be
    /// lost, such as wake-ups.
    ///
    /// - Parameters:
    ///   - keys: lists, first come first; at least one.
    ///   - timeoutMilliseconds: from 1 to 3,600,000. The reply may come later by the configuration's command time-out
    ///     before the connection is given up.
    /// - Returns: the list and the element, or nil when the time was over.
    public func pop(
        from keys: [String],
        timeoutMilliseconds: Int64
    ) async throws(RedisError) -> (key: String, value: [UInt8])? {
        guard !keys.isEmpty else { throw RedisError(.invalidArgument, "a pop needs a key") }
        guard (1...RedisLimits.blockMilliseconds).contains(timeoutMilliseconds) else {
            let reason = "a pop waits from 1 to \(RedisLimits.blockMilliseconds) ms"
            throw RedisError(.invalidArgument, reason)
        }
        var command = RedisCommand("BLPOP", arguments: keys)
        command.append(RedisWaiter.seconds(milliseconds: timeoutMilliseconds))
        let interrupter = connection.interrupter
        let operation = interrupter.makeOperation()
        let call = RedisCall([command], blockMilliseconds: timeoutMilliseconds, operation: operation)
        let replies = try await connection.run(call, through: queue) { interrupter.interrupt(operation) }
        return try RedisWaiter.element(of: replies[0])
    }

    /// Fails all pops with ``RedisError/Code/closed`` and ends the connection and its thread. Safe to call again.
    public func shutdown() async {
        await connection.shutdown(queue)
    }

    /// Seconds with three decimals, as the server reads a time-out.
    static func seconds(milliseconds: Int64) -> String {
        let (seconds, rest) = milliseconds.quotientAndRemainder(dividingBy: 1000)
        let digits = String(rest)
        return "\(seconds)." + String(repeating: "0", count: 3 - digits.count) + digits
    }

    private static func element(of reply: RedisReply) throws(RedisError) -> (key: String, value: [UInt8])? {
        switch reply {
        case .null: return nil
        case .failure(let failure): throw RedisError(failure)
        case .array(let parts):
            if parts.count == 2, let key = parts[0].string, let value = parts[1].bytesValue { return (key, value) }
            fallthrough
        default: throw RedisError(.protocolViolation, "BLPOP answered with no key and element")
        }
    }
}
