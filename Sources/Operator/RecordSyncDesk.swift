import Basics
public import Jobs
public import Queue

/// Shows, changes and tests how records are synced to Twenty. The key leaves it to nobody but Twenty.
public struct RecordSyncDesk: Sendable {
    private let store: RecordSyncStore
    private let variables: RecordSyncSettings
    private let keyring: SecretsKeyring
    private let connector: TwentyConnector
    private let clock: any MonotonicClock
    private let judge: EndpointDesk.AddressJudge

    /// - Parameters:
    ///   - variables: what is in force while nothing is stored.
    ///   - connector: for tests.
    ///   - judge: of addresses that are not the variable's.
    public init(
        store: RecordSyncStore, variables: RecordSyncSettings, keyring: SecretsKeyring, connector: TwentyConnector,
        clock: any MonotonicClock, judge: @escaping EndpointDesk.AddressJudge = { _ in nil }
    ) {
        (self.store, self.variables, self.keyring, self.connector) = (store, variables, keyring, connector)
        (self.clock, self.judge) = (clock, judge)
    }

    /// What is in force.
    public func show() async throws(JobsError) -> RecordSyncResource {
        RecordSyncResource(try await store.find(), variables: variables)
    }

    /// Replaces the stored settings.
    ///
    /// - Parameter name: who does it.
    /// - Throws: `InputError`, `SecretsError`, `JobsError`.
    public func replace(_ body: [UInt8], by name: String) async throws -> RecordSyncResource {
        let draft = try RecordSyncDraft.decode(body)
        try await check(draft.baseURL)
        let config = try await store.change { current in
            try draft.config(changing: current, variables: variables, keyring, by: name)
        }
        return RecordSyncResource(config, variables: variables)
    }

    /// Asks Twenty for one person: whether it can be reached, and takes the key. Tests what is in force, or what the body
    /// says instead; neither switch nor mode matters.
    ///
    /// - Throws: `InputError`, `SecretsError`, `JobsError`; a test that fails is an answer.
    public func test(_ body: [UInt8]) async throws -> RecordSyncTestResource {
        let draft = try RecordSyncDraft.decodeTest(body)
        try await check(draft.baseURL)
        let current = try await store.find()?.settings(over: variables, keyring) ?? variables
        let settings = try draft.tested(over: current)
        let start = clock.nowMilliseconds
        var failure: TwentyError?
        do throws(TwentyError) {
            _ = try await connector.client(settings).page(.people, TwentyQuery(limit: 1))
        } catch {
            failure = error
        }
        return RecordSyncTestResource(failure, latencyMilliseconds: clock.nowMilliseconds - start)
    }

    private func check(_ url: WebhookURL?) async throws(InputError) {
        // What a variable names is opened for it; any other address is judged as a delivery's.
        guard let url, url.text != variables.baseURL?.text, let reason = await judge(url) else { return }
        throw InputError(problems: [.init(pointer: "/base_url", detail: reason)])
    }
}
