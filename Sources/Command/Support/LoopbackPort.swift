import Glibc
import SystemPackage

/// Ports of 127.0.0.1.
package enum LoopbackPort {
    /// A port that was free a moment ago. Someone may take it before it is used, so the caller tries again when its
    /// server cannot bind it.
    package static func free() throws(CommandError) -> UInt16 {
        try bound(to: 0)
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
