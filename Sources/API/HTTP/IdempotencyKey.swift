import HTTPTypes
import Hummingbird

/// The `Idempotency-Key` of a request.
enum IdempotencyKey {
    private static let name = HTTPField.Name("Idempotency-Key")
    private static let maximumCharacters = 255

    /// Nil when there is none.
    ///
    /// - Throws: 400 for an empty one and one that is too long.
    static func of(_ request: Request) throws(Problem) -> String? {
        guard let name, let key = request.headers[name] else { return nil }
        guard (1...maximumCharacters).contains(key.count) else {
            throw .badRequest("Idempotency-Key is 1 to \(maximumCharacters) characters")
        }
        return key
    }
}
