/// Every bound of a connection.
struct RedisLimits: Sendable {
    /// Commands and bytes that are sent before their replies are awaited. More would only pile up: the server keeps
    /// unread replies in our output buffer and unread commands in its query buffer (which it caps at 1 GiB), and we
    /// keep both sides' share in memory. Neither side can block the other, since ``HiredisContext`` reads while it
    /// writes. One command larger than this goes alone.
    var flightCommands = 10_000
    var flightBytes = 16 * 1024 * 1024

    /// What may wait for the connection; a call beyond it is refused unless nothing waits.
    var pendingCommands = 200_000
    var pendingBytes = 256 * 1024 * 1024

    /// Bytes of one reply, counted while it is read.
    var replyBytes = 256 * 1024 * 1024

    /// Arrays within arrays: what the oldest supported hiredis can read, so that newer ones accept no more.
    var replyDepth = 7

    /// Times that a missing script is loaded for one flight; more than one only if somebody flushes scripts meanwhile.
    var scriptLoads = 3

    /// Longest block of one pop.
    static let blockMilliseconds: Int64 = 3_600_000

    /// The kernel's room for a socket's path, without its final zero.
    static let socketPathBytes = 107

    /// Capacity of the send buffer that is kept between flights.
    static let keptBufferBytes = 1024 * 1024
}
