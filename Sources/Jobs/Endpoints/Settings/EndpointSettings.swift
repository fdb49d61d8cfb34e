/// What an endpoint's owner decides, but for its secrets and the values of its headers.
public struct EndpointSettings: Sendable, Hashable {
    /// Most operations.
    public static let maximumOperations = 100
    /// Most bytes of a description.
    public static let maximumDescriptionBytes = 1_000
    /// What `max_in_flight` may be.
    public static let inFlight: ClosedRange<Int64> = 1...1_000
    /// What `rate_per_second` may be.
    public static let rates: ClosedRange<Double> = 0.001...10_000
    /// Most bytes of a delivery's body.
    public static let maximumPayloadBytes = 1_000_000

    /// For one attempt, from its start to the end of the response, in ms.
    public static let timeLimitMilliseconds = 30_000

    /// Where deliveries go.
    public var url: WebhookURL
    /// Which events, at least one pattern.
    public var operations: [EventPattern]
    /// For people.
    public var note: String?
    /// The form of the body.
    public var format: PayloadFormat
    /// How it is signed.
    public var signing: SigningScheme
    /// When failed attempts are followed by others.
    public var retry: EndpointRetry
    /// Deliveries at a time, over all workers.
    public var maximumInFlight: Int
    /// Deliveries that start in a second; nil for any number.
    public var ratePerSecond: Double?
    /// The names of the headers that the owner adds.
    public var headerNames: [String]
    /// Which of the events that match an operation.
    public var filter: EndpointFilter
    /// What its deliveries are ordered by; nil for any order. A change is for events that come after it.
    public var order: EndpointOrder?
    /// Whether it gets events.
    public var isEnabled: Bool

    /// The settings of an endpoint whose owner says no more than this.
    public init(url: WebhookURL, operations: [EventPattern]) {
        self.url = url
        self.operations = operations
        note = nil
        format = .record
        signing = .standard
        retry = .standard
        maximumInFlight = Self.standardInFlight
        ratePerSecond = nil
        headerNames = []
        filter = EndpointFilter()
        order = nil
        isEnabled = true
    }

    static let standardInFlight = 64
}
