import Glibc
import SystemPackage
import Threads

/// Ports of 127.0.0.1.
package enum LoopbackPort {
    /// Below where the system takes the ports of outgoing connections and of binds to port 0: a port from there that is
    /// not bound yet, or not for a moment because its server is restarted, is soon somebody else's.
    private static let quietRange: ClosedRange<UInt16> = 20_000...32_000

    /// What was given out, so that two servers of this process never start on one port.
    private static let given = Locked<Set<UInt16>>([])

    /// A port that was free a moment ago and that this process has not been given before. Someone else may take it
    /// before it is used, so the caller tries again when its server cannot bind it.
    package static func free() throws(CommandError) -> UInt16 {
        for _ in 0..<100 {
            let port = UInt16.random(in: quietRange)
            if isFree(port), given.withLock({ $0.insert(port).inserted }) { return port }
        }
        return try bound(to: 0)
    }

    /// Whether a server could listen on the port now.
    package static func isFree(_ port: UInt16) -> Bool {
        do {
            return try bound(to: port) == port
        } catch {
            return false
        }
    }

    /// The first free port from `first` on, looking at `limit` ports.
    ///
    /// - Throws: `.conflict` when all of them are taken.
    package static func firstFree(from first: UInt16, limit: Int = 100) throws(CommandError) -> UInt16 {
        let last = UInt16(min(Int(first) + limit - 1, Int(UInt16.max)))
        guard let port = (first...last).first(where: isFree) else {
            throw CommandError(.conflict, "every port from \(first) to \(last) is taken")
        }
        return port
    }

    /// Binds and lets go. `SO_REUSEADDR`, as servers do: connections of a server that ended do not count as taken.
    private static func bound(to port: UInt16) throws(CommandError) -> UInt16 {
        let socket = try LoopbackSocket()
        do {
            try socket.allowAddressReuse()
            return try socket.bind(port: port)
        } catch {
            throw CommandError(.conflict, "port \(port) of 127.0.0.1 is taken", underlying: error)
        }
    }
}
