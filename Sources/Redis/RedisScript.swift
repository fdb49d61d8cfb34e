/// A Lua script that the client loads when the server does not have it.
///
/// Its name is its identity: two scripts of one client must not share a name. The digest comes from the server's
/// answer to `SCRIPT LOAD` and is remembered by name for the life of the client.
public struct RedisScript: Sendable, CustomStringConvertible {
    public let name: String
    public let source: String

    public init(name: String, source: String) {
        self.name = name
        self.source = source
    }

    public var description: String { "script \(name)" }
}
