public import Basics

/// What a peer says.
public struct PeerAnswer: Sendable {
    /// 100 to 599.
    public var status: Int
    /// Beside `Content-Type` and `Content-Length`.
    public var headers: [(name: String, value: String)]
    /// `Content-Type`.
    public var contentType: String
    /// As it goes out.
    public var body: [UInt8]

    /// An answer of any type.
    public init(
        status: Int, headers: [(name: String, value: String)] = [], contentType: String = "application/json",
        body: [UInt8]
    ) {
        (self.status, self.headers, self.contentType, self.body) = (status, headers, contentType, body)
    }

    /// JSON.
    public static func json(_ status: Int, _ object: JSONObject) -> PeerAnswer {
        PeerAnswer(status: status, body: JSONValue.object(object).encoded())
    }

    /// A failure in the shape of the services that are not Twenty.
    static func error(_ status: Int, _ message: String) -> PeerAnswer {
        json(status, ["statusCode": .number("\(status)"), "message": .string(message)])
    }

    static let unauthorized = error(401, "Unauthorized")
    static let unknownRoute = error(404, "Cannot find this route")
}
