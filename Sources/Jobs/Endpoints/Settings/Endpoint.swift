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
    public var id: String { storage.fields.id }
    /// What its owner decided.
    public var settings: EndpointSettings { storage.fields.settings }
    /// Newest first; those that have expired too, until the next rotation.
    public var secrets: [StoredSecret] { storage.fields.secrets }
    /// Its headers' values and TLS material: an `EndpointExtras`; nil when it has none.
    public var sealedExtras: SealedSecret? { storage.fields.sealedExtras }
    /// Nil while deliveries go out.
    public var parking: Parking? { storage.fields.parking }
    /// Whether what waited while it was parked goes out now.
    public var isReleasing: Bool { storage.fields.isReleasing }
    /// Deliveries in a row that failed for good.
    public var failuresInARow: Int { storage.fields.failuresInARow }
    /// Unix ms.
    public var createdAtMilliseconds: Int64 { storage.fields.createdAtMilliseconds }
    /// Unix ms.
    public var updatedAtMilliseconds: Int64 { storage.fields.updatedAtMilliseconds }

    // Every delivery under way has it in several frames of its stack, so it is one word.
    private let storage: Storage

    private struct Fields: Sendable, Hashable {
        let id: String
        let settings: EndpointSettings
        let secrets: [StoredSecret]
        let sealedExtras: SealedSecret?
        let parking: Parking?
        let isReleasing: Bool
        let failuresInARow: Int
        let createdAtMilliseconds: Int64
        let updatedAtMilliseconds: Int64
    }

    private final class Storage: Sendable {
        let fields: Fields

        init(_ fields: Fields) { self.fields = fields }
    }

    public static func == (left: Endpoint, right: Endpoint) -> Bool {
        left.storage === right.storage || left.storage.fields == right.storage.fields
    }

    public func hash(into hasher: inout Hasher) { storage.fields.hash(into: &hasher) }

    /// What an endpoint would be with these settings; a new one has no id.
    public init(draft settings: EndpointSettings, of current: Endpoint?, nowMilliseconds: Int64) {
        self.init(
            id: current?.id ?? "", settings: settings, secrets: current?.secrets ?? [],
            sealedExtras: current?.sealedExtras, parking: current?.parking,
            isReleasing: current?.isReleasing ?? false,
            failuresInARow: current?.failuresInARow ?? 0,
            createdAtMilliseconds: current?.createdAtMilliseconds ?? nowMilliseconds,
            updatedAtMilliseconds: current?.updatedAtMilliseconds ?? nowMilliseconds)
    }

    init(
        id: String, settings: EndpointSettings, secrets: [StoredSecret], sealedExtras: SealedSecret?,
        parking: Parking?,
        isReleasing: Bool = false,
        failuresInARow: Int, createdAtMilliseconds: Int64, updatedAtMilliseconds: Int64
    ) {
        storage = Storage(
            Fields(
                id: id, settings: settings, secrets: secrets, sealedExtras: sealedExtras, parking: parking,
                isReleasing: isReleasing, failuresInARow: failuresInARow, createdAtMilliseconds: createdAtMilliseconds,
                updatedAtMilliseconds: updatedAtMilliseconds))
    }

    /// The same with one more secret, older than those it has.
    func adding(_ secret: StoredSecret) -> Endpoint {
        Endpoint(
            id: id, settings: settings, secrets: secrets + [secret], sealedExtras: sealedExtras, parking: parking,
            isReleasing: isReleasing, failuresInARow: failuresInARow, createdAtMilliseconds: createdAtMilliseconds,
            updatedAtMilliseconds: updatedAtMilliseconds)
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
