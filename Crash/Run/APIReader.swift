import Curl
import TestKit

/// Asks whichever API answers.
struct APIReader: Sendable {
    private let curl = CurlClient()
    private let clients: [ProductClient]

    init(_ system: CrashSystem) {
        clients = system.apiURLs.map { [curl] in ProductClient(curl: curl, url: $0, token: system.tokens.all) }
    }

    /// Whether no queue has anything ready, due or running.
    ///
    /// - Throws: the last API's reason when none answers.
    func isIdle() async throws -> Bool {
        var failure: any Error = CrashError("there is no API")
        for client in clients {
            do {
                return try await client.queues().values.allSatisfy { $0.prefix(3).allSatisfy { $0 == 0 } }
            } catch {
                failure = error
            }
        }
        throw failure
    }

    func shutdown() async { await curl.shutdown() }
}
