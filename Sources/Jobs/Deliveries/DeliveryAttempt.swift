/// One attempt at a delivery, as the log keeps it.
public struct DeliveryAttempt: Sendable, Hashable, Codable {
    /// What it came to.
    public enum Outcome: String, Sendable, Hashable, CaseIterable, Codable {
        /// The target has it.
        case delivered
        /// It failed, and another follows.
        case retry
        /// It failed, and no other follows.
        case failed
        /// No fault of the target: no attempt was spent, and another follows.
        case deferred
    }

    /// Bytes of a response's body that are kept.
    public static let maximumBodyBytes = 8_192
    /// Bytes of a head that are kept.
    public static let maximumHeadBytes = 8_192
    /// Bytes of an error that are kept.
    public static let maximumErrorBytes = 2_000
    /// Bytes of the list of events that are kept.
    static let maximumEventsBytes = 10_000
    /// Bytes of any other text that are kept.
    static let maximumNameBytes = 1_024

    public var delivery: Delivery
    /// Of the claim in which it was made: no two attempts at a delivery have the same, and a later one has a higher. It is also
    /// the time of that claim by Redis's clock, in Unix ms.
    public var fence: Int64
    /// Which one it was, from 1; nil for one that was not spent.
    public var number: Int?
    /// Attempts spent with it.
    public var spent: Int
    public var outcome: Outcome
    /// The worker that made it; the log fills it in.
    public var worker = ""
    /// When the request began, or would have; Unix ms by the worker's clock.
    public var startedAtMilliseconds: Int64
    /// When the next one is due, Unix ms.
    public var retryAtMilliseconds: Int64?
    /// Why it failed, in a word; nil when it did not.
    public var errorCode: String?
    /// Why it failed, in a sentence without secrets.
    public var error: String?
    /// What went over the wire; nil when it did not come to a request.
    public var exchange: HTTPExchange?
    /// From the claim to the request, in microseconds: our own work.
    public var prepareMicroseconds: Int64 = 0
    /// For how long a limit held the request up, in microseconds.
    public var limiterMicroseconds: Int64 = 0
    /// What it takes to send it again, once nobody else has it: the job's arguments, with the attempt that delivered it.
    public var payload: [UInt8]?

    /// - Parameter attempt: the number of the job's attempt; a deferred one does not spend it.
    public init(
        _ delivery: Delivery, fence: Int64, attempt: Int, outcome: Outcome, startedAtMilliseconds: Int64
    ) {
        self.delivery = delivery
        self.fence = fence
        self.outcome = outcome
        self.startedAtMilliseconds = startedAtMilliseconds
        number = outcome == .deferred ? nil : attempt
        spent = outcome == .deferred ? attempt - 1 : attempt
    }

    /// How the delivery stands after it.
    public var state: DeliveryState {
        switch outcome {
        case .delivered: .delivered
        case .failed: .failed
        case .retry: .retrying
        case .deferred: spent > 0 ? .retrying : .pending
        }
    }

    /// About how much it holds.
    var byteCount: Int {
        512 + (payload?.count ?? 0) + (exchange?.byteCount ?? 0) + (error?.utf8.count ?? 0)
    }
}
