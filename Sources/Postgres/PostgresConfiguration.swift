/// How to reach a database and how long to wait for it.
///
/// Host, port, user, password, TLS and the rest are libpq's: its URI or keyword string, its `PG...` environment
/// variables, password and service files. `application_name` and `connect_timeout` in the string are taken over.
public struct PostgresConfiguration: Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable
{
    /// How long making a connection may take. Used within 0.1 s to 10 minutes. Looking up a host's name is the one
    /// step that cannot be interrupted.
    public var connectTimeout: Duration = .seconds(5)
    /// How long one statement may run before the server stops it; one second later the connection is dropped. Used
    /// within 1 ms to 1 day. For a script of several statements it counts for each.
    public var statementTimeout: Duration = .seconds(30)
    /// What the server's views and logs call this client.
    public var applicationName: String
    /// Receives the server's notices and warnings, on a connection's thread: must return at once. `nil` drops them.
    public var onNotice: (@Sendable (String) -> Void)?

    private let url: String
    private let options: [String: String]

    /// - Parameter url: any libpq URI (`postgresql://user@host/database?sslmode=require`) or keyword string
    ///   (`host=/run/postgresql dbname=aventora`).
    /// - Throws: ``PostgresError/Code/invalidConfiguration`` when libpq cannot read it.
    public init(url: String) throws(PostgresError) {
        guard !url.utf8.contains(0) else {
            throw PostgresError(.invalidConfiguration, "the connection string holds a NUL character")
        }
        options = try ConnectionString.parse(url)
        self.url = url
        applicationName = options["application_name"] ?? Self.programName
        if let seconds = options["connect_timeout"].flatMap(Int64.init), seconds > 0 {
            connectTimeout = .seconds(seconds)
        }
    }

    /// Host, port, database and user; never the password.
    public var description: String {
        let shown = ["host", "hostaddr", "port", "dbname", "user", "service"].compactMap { key in
            options[key].map { "\(key)=\($0)" }
        }
        return shown.isEmpty ? "libpq defaults" : secrets.scrub(shown.joined(separator: " "))
    }

    /// Where libpq would look for the server over TCP, its `PG...` variables and service files included. Empty for a
    /// server that is reached through a socket in a directory.
    public var servers: [(host: String, port: Int)] {
        let values = ConnectionString.defaults().merging(options) { $1 }
        func list(_ key: String) -> [String] {
            (values[key] ?? "").split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        }
        let (addresses, names, ports) = (list("hostaddr"), list("host"), list("port"))
        return (0..<max(addresses.count, names.count)).compactMap { index in
            let address = index < addresses.count ? addresses[index] : ""
            let host = address.isEmpty && index < names.count ? names[index] : address
            guard !host.isEmpty, !host.hasPrefix("/"), !host.hasPrefix("@") else { return nil }
            let port = ports.count == 1 ? ports[0] : index < ports.count ? ports[index] : ""
            return (host, Int(port) ?? Self.usualPort)
        }
    }

    private static let usualPort = 5432

    /// The same as ``description``.
    public var debugDescription: String { description }

    /// Shows nothing but ``description``, so that `dump` does not print the password either.
    public var customMirror: Mirror { Mirror(self, children: ["description": description]) }

    /// The keywords for libpq, in order: those after `dbname` win over the string in it.
    var keywords: [(name: String, value: String)] {
        var keywords = [(name: String, value: String)]()
        // A server that vanished without a word is noticed in seconds, also by the cancel request, which uses these.
        for (name, value) in [("tcp_user_timeout", "10000"), ("keepalives_idle", "30"), ("keepalives_interval", "5")]
        where options[name] == nil {
            keywords.append((name, value))
        }
        keywords.append(("dbname", url))
        keywords.append(("application_name", applicationName))
        keywords.append(("client_encoding", "UTF8"))
        return keywords
    }

    /// The session settings that decoding relies on. Sent as statements, because poolers refuse start-up options.
    var sessionSQL: String {
        """
        SET statement_timeout = \(boundedStatementTimeout.wholeMilliseconds); SET TimeZone = 'UTC'; \
        SET DateStyle = 'ISO, YMD'; SET extra_float_digits = 1; SET bytea_output = 'hex'; \
        SET standard_conforming_strings = on; SET client_min_messages = \(onNotice == nil ? "error" : "notice")
        """
    }

    var boundedConnectTimeout: Duration { min(max(connectTimeout, .milliseconds(100)), .seconds(600)) }
    var boundedStatementTimeout: Duration { min(max(statementTimeout, .milliseconds(1)), .seconds(86_400)) }

    /// What must not appear in any message.
    var secrets: Secrets { Secrets([options["password"], options["sslpassword"]].compactMap { $0 }) }

    private static var programName: String {
        let path = CommandLine.arguments.first ?? ""
        return String(path.split(separator: "/").last ?? "swift")
    }
}

extension Duration {
    /// Whole milliseconds, rounded down.
    var wholeMilliseconds: Int64 {
        let (seconds, attoseconds) = components
        return seconds * 1000 + attoseconds / 1_000_000_000_000_000
    }
}
