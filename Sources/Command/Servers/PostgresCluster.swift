import Foundation

/// Makes the cluster of a home.
struct PostgresCluster: Sendable {
    let home: PostgresHome
    let binaries: PostgresBinaries

    /// Runs `initdb` unless there is a cluster. It works in a folder beside the real one, which is renamed at the end:
    /// a cluster that was begun and not finished is never taken for one.
    func initialise(
        user: String, password: String, isDurable: Bool, requiresPassword: Bool
    ) async throws(CommandError) {
        guard home.clusterMajor == nil else { return }
        let draft = "\(home.directory)/data.new"
        let passwordFile = "\(home.directory)/password.new"
        try PrivateFile.write(password + "\n", to: passwordFile)
        defer { PrivateFile.remove(passwordFile) }
        try ServerFolder.give(passwordFile, to: home.account)
        var arguments = [
            "--pgdata=\(draft)", "--username=\(user)", "--encoding=UTF8", "--pwfile=\(passwordFile)",
            requiresPassword ? "--auth=scram-sha-256" : "--auth=trust",
        ]
        if !isDurable { arguments.append("--no-sync") }
        do {
            try ServerFolder.remove(draft)
            try await run(arguments + ["--locale=C.UTF-8"])
        } catch {
            // A C library without C.UTF-8.
            guard error.code == .serverAway, error.message.contains("locale") else { throw error }
            try ServerFolder.remove(draft)
            try await run(arguments + ["--locale=C"])
        }
        do {
            try FileManager.default.moveItem(atPath: draft, toPath: home.data)
        } catch {
            throw CommandError(.system, "cannot rename \(draft)", underlying: error)
        }
    }

    private func run(_ arguments: [String]) async throws(CommandError) {
        let command = ChildCommand(
            executable: binaries.initialiser, arguments: arguments,
            environment: ["PATH": "\(binaries.directory):/usr/bin:/bin", "TZ": "UTC"],
            workingDirectory: home.directory, account: home.account
        )
        _ = try await Tool.run(command, limit: .seconds(120))
    }
}
