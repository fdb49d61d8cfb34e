import Basics
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
        try await ask { client in
            try await client.queues().values.allSatisfy { $0.prefix(3).allSatisfy { $0 == 0 } }
        }
    }

    /// Pauses every schedule; false if one would not be.
    ///
    /// - Throws: the last API's reason when none answers.
    func pauseSchedules() async throws -> Bool {
        try await ask { client in
            let schedules = try await client.get("/v1/schedules").object["items"]?.array ?? []
            for name in schedules.compactMap({ $0.object?["name"]?.string }) {
                guard try await client.send(.post, "/v1/schedules/\(name)/pause").status == 200 else { return false }
            }
            return !schedules.isEmpty
        }
    }

    private func ask<Answer>(_ question: (ProductClient) async throws -> Answer) async throws -> Answer {
        var failure: any Error = CrashError("there is no API")
        for client in clients {
            do { return try await question(client) } catch { failure = error }
        }
        throw failure
    }

    func shutdown() async { await curl.shutdown() }
}
