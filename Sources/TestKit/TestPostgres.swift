package import Command
import Foundation
import Glibc

/// One private Postgres for many tests, each with a database of its own.
package enum TestPostgres {
    /// The server that the tests of a scope share.
    @TaskLocal package static var shared: PrivatePostgres?

    /// Runs `body` with a server in ``shared``, which is gone afterwards. About 1 s.
    package static func withShared(_ body: () async throws -> Void) async throws {
        let server = try await start(isDurable: false)
        do {
            try await $shared.withValue(server) { try await body() }
        } catch {
            try await server.destroy()
            throw error
        }
        try await server.destroy()
    }

    /// A server of one's own; end it with `destroy()`.
    ///
    /// - Parameter isDurable: needed where the server itself is killed: its commits outlive it only then.
    package static func start(isDurable: Bool) async throws -> PrivatePostgres {
        var options = PrivatePostgres.Options(directory: TestFolders.make("postgres"))
        options.isDurable = isDurable
        options.settings = ["max_connections": "400"]
        return try await PrivatePostgres.start(options)
    }
}
