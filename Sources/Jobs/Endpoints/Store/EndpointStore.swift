// Whoever changes an endpoint reads it first, in the same transaction and with its row locked: of two changes at a time
// the second one sees the first.

import Basics
public import Postgres
import Queue

/// `jobs.endpoints` and `jobs.endpoint_secrets`.
public struct EndpointStore: Sendable {
    let pool: PostgresPool

    /// What is notified at every change.
    public static let channel = "jobs_endpoints"
    /// Most endpoints: every process holds them all.
    public static let maximumEndpoints = 10_000
    /// How long an old secret goes on signing unless somebody says otherwise, in seconds: a day.
    public static let standardOverlapSeconds: Int64 = 86_400
    /// What may be said, in seconds: none, up to seven days.
    public static let overlapSeconds: ClosedRange<Int64> = 0...604_800
    /// Old secrets that go on signing at a time.
    public static let maximumOldSecrets = 10

    /// What an endpoint is to become.
    public struct Change: Sendable {
        /// What its owner decides.
        public var settings: EndpointSettings
        /// Its headers, all of them; nil for none.
        public var headers: SealedSecret?
        /// A secret for one that has none.
        public var firstSecret: SealedSecret?

        /// A change.
        public init(settings: EndpointSettings, headers: SealedSecret?, firstSecret: SealedSecret? = nil) {
            self.settings = settings
            self.headers = headers
            self.firstSecret = firstSecret
        }
    }

    /// A store over a pool.
    public init(pool: PostgresPool) { self.pool = pool }

    /// Writes a new endpoint; false when there are as many as there may be. Throws `storage`.
    public func insert(
        id: String, settings: EndpointSettings, secret: SealedSecret?, headers: SealedSecret?
    ) async throws(JobsError) -> Bool {
        do {
            return try await pool.transaction { transaction in
                let values: [PostgresValue] =
                    [.text(id)] + Self.parameters(settings, headers) + [.integer(Int64(Self.maximumEndpoints))]
                guard try await !transaction.query(Self.insert, values).isEmpty else { return false }
                if let secret { try await Self.insert(secret, of: id, transaction) }
                return true
            }
        } catch {
            throw JobsError.wrap(error, "An endpoint could not be written")
        }
    }

    /// One endpoint; nil when there is none. Throws `storage`.
    public func find(id: String) async throws(JobsError) -> Endpoint? {
        do {
            return try EndpointRows.endpoints(try await pool.query(Self.selectOne, [.text(id)])).first
        } catch {
            throw JobsError.wrap(error, "An endpoint could not be read")
        }
    }

    /// Endpoints by id, `count` of them behind `after`. Throws `storage`.
    public func page(after: String? = nil, count: Int) async throws(JobsError) -> [Endpoint] {
        do {
            let values: [PostgresValue] = [.text(after ?? ""), .integer(Int64(count))]
            return try EndpointRows.endpoints(try await pool.query(Self.selectPage, values))
        } catch {
            throw JobsError.wrap(error, "Endpoints could not be read")
        }
    }

    /// Changes what an endpoint's owner decides; nil when there is no such endpoint. A change that switches it on also
    /// lets out what is parked. Throws `storage`, or what `change` throws, and then nothing has changed.
    ///
    /// - Parameter change: what it is to be. Called with the row locked, so it does not wait.
    public func update<Failure: Error>(
        id: String,
        change: (Endpoint) throws(Failure) -> Change
    ) async throws -> Endpoint? {
        try await changing(id) { endpoint, transaction in
            let change = try change(endpoint)
            let settings = change.settings
            let values = [.text(id)] + Self.parameters(settings, change.headers)
            _ = try await transaction.query(Self.update, values)
            if let secret = change.firstSecret { try await Self.insert(secret, of: id, transaction) }
            if settings.isEnabled, !endpoint.settings.isEnabled {
                _ = try await transaction.query(Self.release, [.text(id)])
            }
        }
    }

    /// Switches an endpoint on, lets out what is parked, and forgets its failures. Throws `storage`.
    public func enable(id: String) async throws(JobsError) -> Endpoint? {
        do {
            _ = try await pool.query(Self.enable, [.text(id)])
        } catch {
            throw JobsError.wrap(error, "An endpoint could not be switched on")
        }
        return try await find(id: id)
    }

    /// Removes an endpoint and its secrets; false when there is none. Throws `storage`.
    public func delete(id: String) async throws(JobsError) -> Bool {
        do {
            return try await !pool.query(Self.delete, [.text(id)]).isEmpty
        } catch {
            throw JobsError.wrap(error, "An endpoint could not be deleted")
        }
    }

    /// Gives an endpoint a new secret; those before it go on signing for `overlapSeconds` or until their own end, whichever
    /// comes first, at most ``maximumOldSecrets`` of them. Those that have expired go. Nil when there is no such endpoint.
    ///
    /// - Parameter make: makes the sealed secret. Called with the row locked, so it does not wait.
    public func rotate<Failure: Error>(
        id: String, overlapSeconds: Int64, make: (Endpoint) throws(Failure) -> SealedSecret
    ) async throws -> Endpoint? {
        try await changing(id) { endpoint, transaction in
            let secret = try make(endpoint)
            _ = try await transaction.query(Self.expire, [.text(id), .integer(overlapSeconds)])
            try await Self.insert(secret, of: id, transaction)
            _ = try await transaction.query(Self.removeOld, [.text(id), .integer(Int64(Self.maximumOldSecrets))])
        }
    }

    /// Grows with every change. One row. Throws `storage`.
    public func version() async throws(JobsError) -> Int64 {
        do {
            return try await pool.query(Self.selectVersion)[0].integer("version")
        } catch {
            throw JobsError.wrap(error, "The state of the endpoints could not be read")
        }
    }

    private func changing(
        _ id: String, _ body: (Endpoint, PostgresTransaction) async throws -> Void
    ) async throws -> Endpoint? {
        do {
            return try await pool.transaction { transaction in
                guard try await !transaction.query(Self.lock, [.text(id)]).isEmpty else { return nil }
                func read() async throws -> Endpoint? {
                    try EndpointRows.endpoints(try await transaction.query(Self.selectOne, [.text(id)])).first
                }
                guard let endpoint = try await read() else { return nil }
                try await body(endpoint, transaction)
                return try await read()
            }
        } catch let error as PostgresError {
            throw JobsError.wrap(error, "An endpoint could not be changed")
        }
    }

    private static func insert(
        _ secret: SealedSecret, of id: String, _ transaction: PostgresTransaction
    ) async throws {
        _ = try await transaction.query(
            insertSecret, [.text(id), .text(secret.keyID), .bytes(secret.bytes)])
    }

    private static func parameters(_ settings: EndpointSettings, _ headers: SealedSecret?) -> [PostgresValue] {
        [
            .text(settings.url.text), .json(EndpointRows.list(settings.operations.map(\.text))),
            settings.note.map { .text($0) } ?? .null, .text(settings.format.rawValue),
            .text(settings.signing.rawValue), .text(settings.retry.policy.description),
            .integer(Int64(settings.maximumInFlight)), settings.ratePerSecond.map { .double($0) } ?? .null,
            .json(EndpointRows.list(settings.headerNames)), headers.map { .text($0.keyID) } ?? .null,
            headers.map { .bytes($0.bytes) } ?? .null, .json(settings.filter.json.encoded()),
            .boolean(settings.isEnabled), settings.order.map { .text($0.rawValue) } ?? .null,
        ]
    }
}
