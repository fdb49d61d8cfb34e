import Hummingbird

/// `?limit=` and `?cursor=` of a list.
struct PageQuery: Sendable, Equatable {
    static let names = ["limit", "cursor"]

    private static let defaultLimit = 50
    private static let limits = 1...200

    /// 1 to 200; 50 by default.
    let limit: Int
    /// As the last page gave it; nil is the first page.
    let cursor: String?

    /// - Throws: 400.
    init(_ request: Request) throws(Problem) {
        let query = request.uri.queryParameters
        cursor = query["cursor"].map(String.init)
        guard let text = query["limit"] else {
            limit = Self.defaultLimit
            return
        }
        guard let number = Int(text), Self.limits.contains(number) else {
            throw .badRequest("limit is a whole number from \(Self.limits.lowerBound) to \(Self.limits.upperBound)")
        }
        limit = number
    }
}
