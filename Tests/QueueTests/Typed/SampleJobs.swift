import Queue

/// A job with everything of its own.
struct Letter: Job {
    static let definition = JobDefinition(
        "letter.send", queue: "post", retry: RetryPolicy(attempts: 3, delayMilliseconds: 10_000),
        timeLimitMilliseconds: 60_000)

    var to: String
    var pages = 1
    var weight = 1.5
    var options: JobOptions { JobOptions(lane: lane, key: key, delayMilliseconds: delay) }

    // Not encoded: what a producer decides.
    var lane = ""
    var key: JobKey?
    var delay: Int64 = 0

    init(
        to: String, pages: Int = 1, weight: Double = 1.5, lane: String = "", key: JobKey? = nil, delay: Int64 = 0
    ) {
        self.to = to
        self.pages = pages
        self.weight = weight
        self.lane = lane
        self.key = key
        self.delay = delay
    }

    enum CodingKeys: CodingKey { case to, pages, weight }
}

/// Its third version: the first had one name, the second is forgotten.
struct Greeting: Job {
    static let definition = JobDefinition(
        "greeting", version: 3, retry: RetryPolicy(attempts: 3, delayMilliseconds: 1_000))

    let first: String
    let last: String

    static func migrate(_ stored: StoredArguments) throws -> Greeting {
        struct First: Decodable { let name: String }
        guard stored.version == 1 else {
            throw UnreadableArguments(kind: stored.kind, version: stored.version, reason: "forgotten")
        }
        let words = try stored.decode(as: First.self).name.split(separator: " ").map(String.init)
        return Greeting(first: words[0], last: words.last ?? "")
    }
}

/// One of several that have to come in their order.
struct OrderedPage: Job {
    static let definition = JobDefinition(
        "page", queue: "post", retry: RetryPolicy(attempts: 3, delayMilliseconds: 10_000))

    let book: String
    let number: Int

    var options: JobOptions { JobOptions(orderKey: book) }
}
