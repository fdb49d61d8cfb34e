import Foundation

/// SQL through `psql`, for the few statements around a server's start: one process and one login a call.
struct PsqlSession: Sendable {
    /// The path of `psql`.
    let client: String
    /// Any libpq URI.
    let databaseURL: String

    /// Runs the statements in one transaction and answers the rows: columns by tab, rows by line break.
    ///
    /// - Throws: `.serverAway` with what the server said when one fails; then none has happened.
    func run(_ sql: String, inOneTransaction: Bool = false) async throws(CommandError) -> String {
        let (address, password) = withoutPassword()
        var environment = ["PATH": "/usr/bin:/bin", "PGCONNECT_TIMEOUT": "10", "PGAPPNAME": "aventora dev"]
        environment["PGPASSWORD"] = password
        let flags = ["--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--set=ON_ERROR_STOP=1", "--no-password"]
        let command = ChildCommand(
            executable: client,
            arguments: flags + (inOneTransaction ? ["--single-transaction"] : [])
                + ["--field-separator=\t", "--dbname=\(address)", "--file=-"],
            environment: environment, workingDirectory: "/"
        )
        let output = try await Tool.run(command, input: sql + "\n", limit: .seconds(60))
        return output.trimmingCharacters(in: .newlines)
    }

    /// A command line is everybody's to read, so the password goes through the environment.
    private func withoutPassword() -> (address: String, password: String?) {
        guard var parts = URLComponents(string: databaseURL), let password = parts.password else {
            return (databaseURL, nil)
        }
        parts.password = nil
        return (parts.string ?? databaseURL, password)
    }
}
