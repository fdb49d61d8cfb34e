public import Queue

/// Sends the receipt of an order, once.
public struct SendReceipt: Job {
    public static let definition = JobDefinition(
        "receipt.send",
        queue: "mail",
        version: 2,
        retry: RetryPolicy(attempts: 8, firstMilliseconds: 5_000, capMilliseconds: 600_000),
        timeLimitMilliseconds: 30_000)

    public let order: Int
    public let address: String
    public let language: String

    public init(order: Int, address: String, language: String = "en") {
        self.order = order
        self.address = address
        self.language = language
    }

    public var options: JobOptions {
        JobOptions(key: .unique("receipt-\(order)"))
    }

    public static func migrate(_ stored: StoredArguments) throws -> SendReceipt {
        // Version 1 called the address `mail` and knew no languages.
        struct First: Decodable {
            let order: Int
            let mail: String
        }
        let first = try stored.decode(as: First.self)
        return SendReceipt(order: first.order, address: first.mail)
    }
}
