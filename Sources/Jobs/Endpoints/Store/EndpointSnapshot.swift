/// All endpoints as they were at one moment.
public struct EndpointSnapshot: Sendable {
    /// Of `jobs.endpoints_version`.
    let version: Int64
    private let byID: [String: Endpoint]
    private let matcher: EndpointMatcher

    init(version: Int64, endpoints: [Endpoint]) {
        self.version = version
        byID = Dictionary(endpoints.map { ($0.id, $0) }) { first, _ in first }
        matcher = EndpointMatcher(endpoints)
    }

    /// All of them, in no order.
    public var endpoints: [Endpoint] { Array(byID.values) }

    /// Whether no event can match.
    public var wantsNothing: Bool { matcher.isEmpty }

    /// The endpoint of this id.
    public subscript(id id: String) -> Endpoint? { byID[id] }

    /// Those that want the event, each once.
    public func endpoints(wanting event: EndpointEvent) -> [Endpoint] { matcher.endpoints(wanting: event) }
}
