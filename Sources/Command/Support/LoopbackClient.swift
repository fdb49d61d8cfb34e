import Threads

/// One request and its reply over a connection of their own to a server on 127.0.0.1.
///
/// The socket's calls wait, so the actor lives on its own thread, off Swift's shared pool.
package actor LoopbackClient {
    private let executor = ThreadExecutor(name: "loopback")

    package nonisolated var unownedExecutor: UnownedSerialExecutor {
        unsafe executor.asUnownedSerialExecutor()
    }

    package init() {}

    /// Sends `request` and reads until `isComplete` or the server ends.
    ///
    /// - Parameters:
    ///   - limitMilliseconds: of each wait: the connect, each send and each receive.
    ///   - sizeLimitBytes: a longer reply is an error.
    /// - Throws: `.serverAway` whatever went wrong.
    package func exchange(
        port: UInt16, request: [UInt8], limitMilliseconds: Int, sizeLimitBytes: Int = 4_194_304,
        isComplete: @Sendable ([UInt8]) -> Bool
    ) throws(CommandError) -> [UInt8] {
        let socket = try LoopbackSocket()
        do {
            try socket.limitWaits(milliseconds: limitMilliseconds)
            try socket.connect(port: port)
            try socket.send(request)
            var reply: [UInt8] = []
            while !isComplete(reply) {
                let bytes = try socket.receive()
                if bytes.isEmpty { break }
                reply += bytes
                guard reply.count <= sizeLimitBytes else {
                    throw CommandError(.serverAway, "port \(port) answered more than \(sizeLimitBytes) bytes")
                }
            }
            return reply
        } catch let error as CommandError {
            throw error
        } catch {
            throw CommandError(.serverAway, "no answer from port \(port)", underlying: error)
        }
    }
}
