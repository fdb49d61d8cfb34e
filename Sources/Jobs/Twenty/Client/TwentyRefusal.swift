import Basics

/// The body of an answer that is no success, in any of its three historical forms, or a proxy's page.
struct TwentyRefusal {
    /// The exception's name and all messages and codes, in lower case.
    private let text: String
    /// What the newest versions say beside `Retry-After`, in ms.
    let retryAfterMilliseconds: Int64?

    init(_ body: [UInt8]) {
        let value: JSONValue?
        do { value = try JSONParser.parse(body, limits: JSONLimits(bytes: 1 << 20)) } catch { value = nil }
        guard let object = value?.object else {
            // A proxy's page says nothing about the request.
            (text, retryAfterMilliseconds) = ("", nil)
            return
        }
        var texts = ["error", "message", "code", "statusCode"].compactMap { object[$0]?.string }
        texts += (object["messages"]?.array ?? []).compactMap(\.string)
        texts += (object["message"]?.array ?? []).compactMap(\.string)
        text = texts.joined(separator: "\n").lowercased()
        if case .number(let number)? = object["retryAfterSeconds"], let seconds = Double(number), 0...86_400 ~= seconds
        {
            retryAfterMilliseconds = Int64((seconds * 1_000).rounded(.up))
        } else {
            retryAfterMilliseconds = nil
        }
    }

    /// Too many calls: the oldest versions say it with 400.
    var isLimit: Bool { says("limit reached") || says("rate_limited") || says("rate limit") }
    /// More than the plan allows.
    var isQuota: Bool { says("quota_exhausted") }
    /// A unique field's value is another record's.
    var isDuplicate: Bool { says("duplicate entry") || says("duplicate key") || says("already exists") }
    /// Unique fields of several records.
    var isAmbiguous: Bool { says("upsert_multiple_matching_records_conflict") || says("multiple records found") }
    /// Older versions say it with 400.
    var isNotFound: Bool { says("notfoundexception") || says("record not found") || says("record_not_found") }

    /// Whether the message is one of those that name a fault of the request. What is not known may be the server's own:
    /// it answers 400 for whatever it did not expect.
    var isValidation: Bool { Self.validationWords.contains { says($0) } }

    private func says(_ words: String) -> Bool { text.contains(words) }

    private static let validationWords = [
        "invalid", "validation", "malformed", "not a valid", "is not valid", "does not exist", "doesn't exist",
        "doesn't have any", "unknown field", "unknown argument", "not found in", "must be", "must have", "should be",
        "is required", "cannot be", "can't be", "not allowed", "not supported", "too many", "maximum number",
        "conflicting", "unexpected token", "missing", "field metadata", "is not iterable",
    ]
}
