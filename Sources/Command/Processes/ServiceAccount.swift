import Glibc

/// The user that a server runs as when this process is root and the server refuses to be.
public struct ServiceAccount: Hashable, Sendable {
    /// Its name in the user database.
    public let name: String
    /// Its user id.
    public let userID: UInt32
    /// Its primary group's id.
    public let groupID: UInt32

    /// The account for Postgres: nil for an ordinary user, who runs it as himself.
    ///
    /// - Throws: `.missingProgram` when this is root and the machine has none of the users `postgres` and `nobody`.
    public static func forServers() throws(CommandError) -> ServiceAccount? {
        guard geteuid() == 0 else { return nil }
        for name in ["postgres", "nobody"] {
            if let account = named(name) { return account }
        }
        throw CommandError(.missingProgram, "Postgres does not run as root, and there is no user postgres or nobody")
    }

    /// The account of that name in `/etc/passwd`, if it is there and is not root's.
    public static func named(_ name: String) -> ServiceAccount? {
        for line in (PrivateFile.read("/etc/passwd") ?? "").split(separator: "\n") {
            let fields = line.split(separator: ":", omittingEmptySubsequences: false)
            guard fields.count >= 4, fields[0] == name, let user = UInt32(fields[2]), let group = UInt32(fields[3]),
                user != 0
            else { continue }
            return ServiceAccount(name: name, userID: user, groupID: group)
        }
        return nil
    }
}
