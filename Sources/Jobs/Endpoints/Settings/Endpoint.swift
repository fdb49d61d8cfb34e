/// A subscription as it is stored. Its secrets and the values of its headers are sealed.
public struct Endpoint: Sendable, Hashable {
    /// One of its secrets.
    public struct StoredSecret: Sendable, Hashable {
        /// The secret, sealed for ``Endpoint/id``.
        public let sealed: SealedSecret
        /// Unix ms.
        public let createdAtMilliseconds: Int64
        /// From when on it signs no more, Unix ms; nil for the newest.
        public let expiresAtMilliseconds: Int64?
    }

    /// Why and since when nothing is delivered to it.
    public struct Parking: Sendable, Hashable {
        /// Unix ms.
        public let sinceMilliseconds: Int64
        /// One sentence.
        public let reason: String
        /// When the next event is tried, Unix ms.
        public let probeAtMilliseconds: Int64
        /// How often that was done in vain.
        public let probes: Int
    }

    /// `ep_` and 20 characters.
    public let id: String
    /// What its owner decided.
    public let settings: EndpointSettings
    /// Newest first; those that have expired too, until the next rotation.
    public internal(set) var secrets: [StoredSecret]
    /// Its headers' values; nil when it has none.
    public let sealedHeaders: SealedSecret?
    /// Nil while deliveries go out.
    public let parking: Parking?
    /// Whether what waited while it was parked goes out now.
    public let isReleasing: Bool
    /// Deliveries in a row that failed for good.
    public let failuresInARow: Int
    /// Unix ms.
    public let createdAtMilliseconds: Int64
    /// Unix ms.
    public let updatedAtMilliseconds: Int64

    /// What an endpoint would be with these settings; a new one has no id.
    public init(draft settings: EndpointSettings, of current: Endpoint?, nowMilliseconds: Int64) {
        self.init(
            id: current?.id ?? "", settings: settings, secrets: current?.secrets ?? [],
            sealedHeaders: current?.sealedHeaders, parking: current?.parking,
            isReleasing: current?.isReleasing ?? false,
            failuresInARow: current?.failuresInARow ?? 0,
            createdAtMilliseconds: current?.createdAtMilliseconds ?? nowMilliseconds,
            updatedAtMilliseconds: current?.updatedAtMilliseconds ?? nowMilliseconds)
    }

    init(
        id: String, settings: EndpointSettings, secrets: [StoredSecret], sealedHeaders: SealedSecret?,
        parking: Parking?,
        isReleasing: Bool = false,
        failuresInARow: Int, createdAtMilliseconds: Int64, updatedAtMilliseconds: Int64
    ) {
        self.id = id
        self.settings = settings
        self.secrets = secrets
        self.sealedHeaders = sealedHeaders
        self.parking = parking
        self.isReleasing = isReleasing
        self.failuresInARow = failuresInARow
        self.createdAtMilliseconds = createdAtMilliseconds
        self.updatedAtMilliseconds = updatedAtMilliseconds
    }

    /// Those that sign at a moment, newest first.
    public func liveSecrets(atMilliseconds now: Int64) -> [StoredSecret] {
        secrets.filter { $0.expiresAtMilliseconds.map { now < $0 } ?? true }
    }

    /// Its lane in the queue.
    public var lane: String { Self.lanePrefix + id }

    /// What the order keys of its deliveries begin with.
    public var orderKeyPrefix: String { EndpointOrder.keyPrefix(id) }

    /// What every endpoint's lane begins with.
    public static let lanePrefix = "endpoint:"
}
