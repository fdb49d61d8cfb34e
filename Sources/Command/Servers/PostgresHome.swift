// Where a cluster lives. As root, Postgres runs as another user, who may not be able to reach the folder that was asked
// for (a folder under /root, say). Whether he can is asked by trying it as him: modes, groups and access lists together
// are the kernel's business. If he cannot, the cluster goes under /var/lib/aventora-dev, and a file in the folder that
// was asked for remembers it.

import Foundation

/// The folder that holds one cluster, its password and its log.
struct PostgresHome: Sendable {
    /// Absolute; belongs to the account.
    let directory: String
    /// The user that the server runs as; nil for the user of this process.
    let account: ServiceAccount?

    /// Where clusters go whose own folder is out of reach.
    static let fallbackRoot = "/var/lib/aventora-dev"

    var data: String { "\(directory)/data" }
    var log: String { "\(directory)/postgres.log" }

    /// The major version of the cluster, nil when there is none yet.
    var clusterMajor: Int? {
        let text = PrivateFile.read("\(data)/PG_VERSION")?.trimmingCharacters(in: .whitespacesAndNewlines)
        return text.flatMap { Int($0) }
    }

    /// Finds or makes the home for the folder `asked`, which belongs to the caller.
    static func prepare(
        asked: String, account: ServiceAccount?, fallbackRoot: String = fallbackRoot
    ) async throws(CommandError) -> PostgresHome {
        try PrivateFile.makeDirectory(asked, mode: account == nil ? 0o700 : 0o711)
        let note = "\(asked)/location"
        if let kept = PrivateFile.read(note)?.trimmingCharacters(in: .whitespacesAndNewlines), !kept.isEmpty {
            return try make(kept, account: account)
        }
        let near = try make("\(asked)/cluster", account: account)
        guard let account, try await !isUsable(near.directory, by: account) else { return near }
        try ServerFolder.remove(near.directory)
        try PrivateFile.makeDirectory(fallbackRoot, mode: 0o711)
        let far = try make("\(fallbackRoot)/\(fingerprint(asked))", account: account)
        guard try await isUsable(far.directory, by: account) else {
            throw CommandError(.configuration, "\(account.name) can use neither \(asked) nor \(far.directory)")
        }
        try PrivateFile.write(far.directory + "\n", to: note)
        return far
    }

    /// Sixteen hexadecimal digits that stay the same for a path (FNV-1a).
    static func fingerprint(_ path: String) -> String {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in path.utf8 { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3 }
        let digits = String(hash, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }

    private static func make(_ directory: String, account: ServiceAccount?) throws(CommandError) -> PostgresHome {
        try PrivateFile.makeDirectory(directory)
        try ServerFolder.give(directory, to: account)
        return PostgresHome(directory: directory, account: account)
    }

    /// Throws when it could not be tried, which says nothing of the folder.
    private static func isUsable(_ directory: String, by account: ServiceAccount) async throws(CommandError) -> Bool {
        let script = "if cd \"$1\" 2>/dev/null && test -w . && test -x .; then echo yes; else echo no; fi"
        let probe = ChildCommand(
            executable: "/bin/sh", arguments: ["-c", script, "sh", directory], environment: ["PATH": "/usr/bin:/bin"],
            workingDirectory: "/", account: account
        )
        return try await Tool.run(probe, limit: .seconds(60)).contains("yes")
    }
}
