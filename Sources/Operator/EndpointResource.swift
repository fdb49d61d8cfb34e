import Basics
public import Jobs
import Queue

/// A subscription as people and programs are shown it: no secret, and no value of a header.
public struct EndpointResource: Encodable, Sendable {
    /// One of its secrets, as far as it may be shown.
    public struct SecretResource: Encodable, Sendable {
        let createdAt: String
        /// From when on it signs no more; null for the newest.
        let expiresAt: String?

        private enum CodingKeys: String, CodingKey {
            case createdAt = "created_at"
            case expiresAt = "expires_at"
        }

        /// With null for no end.
        public func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(createdAt, forKey: .createdAt)
            try container.encode(expiresAt, forKey: .expiresAt)
        }
    }

    private let endpoint: Endpoint
    /// What would be, and is not stored.
    private let isDraft: Bool
    private let nowMilliseconds: Int64
    /// Shown in the one answer that makes it.
    private let secret: EndpointSecret?

    private enum CodingKeys: String, CodingKey {
        case id, url, operations, description, format, signing, retry, timetable, headers, filter, enabled, secret
        case secrets, status, parked
        case maximumInFlight = "max_in_flight"
        case ratePerSecond = "rate_per_second"
        case orderBy = "order_by"
        case dryRun = "dry_run"
        case failuresInARow = "failures_in_a_row"
        case createdAt = "created_at"
        case updatedAt = "updated_at"
    }

    /// An endpoint as it is stored.
    ///
    /// - Parameter secret: what was made just now; it is never shown again.
    public init(_ endpoint: Endpoint, nowMilliseconds: Int64, secret: EndpointSecret? = nil) {
        self.endpoint = endpoint
        self.nowMilliseconds = nowMilliseconds
        self.secret = secret
        isDraft = false
    }

    /// What an endpoint would be with these settings.
    ///
    /// - Parameter current: what it is; nil for a new one.
    init(_ settings: EndpointSettings, of current: Endpoint? = nil, nowMilliseconds: Int64) {
        endpoint = Endpoint(draft: settings, of: current, nowMilliseconds: nowMilliseconds)
        self.nowMilliseconds = nowMilliseconds
        secret = nil
        isDraft = true
    }

    /// The endpoint's id.
    public var id: String { endpoint.id }

    /// How it is signed.
    public var signing: String { endpoint.settings.signing.rawValue }
    /// Attempts in all.
    public var attempts: Int { endpoint.settings.retry.policy.attempts }
    /// Scheme, host and port of its address; the rest may hold a token.
    public var place: String { endpoint.settings.url.description }
    /// Its patterns.
    public var operations: [String] { endpoint.settings.operations.map(\.text) }
    /// When each attempt comes, since the first.
    public var timetable: String {
        endpoint.settings.retry.timetable.map { "\(Double($0.totalMilliseconds) / 1_000) s" }.joined(separator: ", ")
    }

    /// `active`, `parked` or `disabled`.
    public var status: String {
        endpoint.settings.isEnabled ? endpoint.parking == nil ? "active" : "parked" : "disabled"
    }

    /// With null for what is not set; the secret only where there is one to show.
    public func encode(to encoder: any Encoder) throws {
        let settings = endpoint.settings
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(endpoint.id.isEmpty ? nil : endpoint.id, forKey: .id)
        if isDraft { try container.encode(true, forKey: .dryRun) }
        try container.encode(settings.url.text, forKey: .url)
        try container.encode(settings.operations.map(\.text), forKey: .operations)
        try container.encode(settings.note, forKey: .description)
        try container.encode(settings.format.rawValue, forKey: .format)
        try container.encode(settings.signing.rawValue, forKey: .signing)
        try container.encode(EncodableJSON(settings.retry.json), forKey: .retry)
        try container.encode(EncodableJSON(settings.retry.timetableJSON), forKey: .timetable)
        try container.encode(settings.maximumInFlight, forKey: .maximumInFlight)
        try container.encode(settings.ratePerSecond, forKey: .ratePerSecond)
        try container.encode(settings.headerNames, forKey: .headers)
        try container.encode(EncodableJSON(settings.filter.json), forKey: .filter)
        try container.encode(settings.order?.rawValue, forKey: .orderBy)
        try container.encode(settings.isEnabled, forKey: .enabled)
        try container.encode(status, forKey: .status)
        try container.encode(endpoint.parking.map(ParkingResource.init), forKey: .parked)
        try container.encode(endpoint.failuresInARow, forKey: .failuresInARow)
        let secrets = endpoint.liveSecrets(atMilliseconds: nowMilliseconds).map {
            SecretResource(
                createdAt: Timestamp(milliseconds: $0.createdAtMilliseconds).iso8601,
                expiresAt: $0.expiresAtMilliseconds.map { Timestamp(milliseconds: $0).iso8601 })
        }
        try container.encode(secrets, forKey: .secrets)
        try container.encodeIfPresent(secret?.revealed, forKey: .secret)
        try container.encode(Timestamp(milliseconds: endpoint.createdAtMilliseconds).iso8601, forKey: .createdAt)
        try container.encode(Timestamp(milliseconds: endpoint.updatedAtMilliseconds).iso8601, forKey: .updatedAt)
    }
}

/// Why and since when nothing goes to an endpoint.
struct ParkingResource: Encodable, Sendable {
    let since, reason, nextProbeAt: String
    let probes: Int

    private enum CodingKeys: String, CodingKey {
        case since, reason, probes
        case nextProbeAt = "next_probe_at"
    }

    init(_ parking: Endpoint.Parking) {
        since = Timestamp(milliseconds: parking.sinceMilliseconds).iso8601
        reason = parking.reason
        nextProbeAt = Timestamp(milliseconds: parking.probeAtMilliseconds).iso8601
        probes = parking.probes
    }
}
