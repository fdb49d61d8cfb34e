import Basics
import Hummingbird
import Jobs
import Queue

/// `GET /v1/dead` and `POST /v1/dead/retry`.
struct DeadRoutes: Sendable {
    let queue: QueueClient
    let clock: any WallClock
    let maximumBodyBytes: Int

    private static let defaultLimit = 50
    private static let limits = 1...200

    func add(to table: inout RouteTable) {
        table.get("/v1/dead", scope: .read) { request, _ in
            let filter = try DeadSelection(query: request.uri.queryParameters)
            let limit = try limit(request.uri.queryParameters["limit"].map(String.init))
            let cursor = try DeadCursor(request.uri.queryParameters["cursor"].map(String.init))
            return try JSONResponse.encode(try await page(filter, limit: limit, from: cursor))
        }
        table.post("/v1/dead/retry", scope: .admin) { request, _ in
            var filter = try DeadSelection(query: request.uri.queryParameters)
            let body = try await BodyReader.collect(request, maximumBytes: maximumBodyBytes)
            if !body.isEmpty {
                try ContentType.requireJSON(request)
                try filter.read(body)
            }
            var count = 0
            for name in filter.queues {
                do throws(QueueError) {
                    count += try await queue.retryDead(in: name, matching: filter.filter)
                } catch { throw Problem(error) }
            }
            return JSONResponse.make(Array(#"{"count":\#(count)}"#.utf8))
        }
    }

    private func limit(_ text: String?) throws(Problem) -> Int {
        guard let text else { return Self.defaultLimit }
        guard let limit = Int(text), Self.limits.contains(limit) else {
            throw .badRequest("limit is a whole number from \(Self.limits.lowerBound) to \(Self.limits.upperBound)")
        }
        return limit
    }

    /// Queue after queue, each from its newest.
    private func page(
        _ selection: DeadSelection, limit: Int, from cursor: DeadCursor
    ) async throws -> Page<JobResource> {
        var items: [JobResource] = []
        let now = clock.nowMilliseconds()
        for (index, name) in selection.queues.enumerated() where index >= cursor.queue {
            let offset = index == cursor.queue ? cursor.offset : 0
            let page: DeadPage
            do throws(QueueError) {
                page = try await queue.dead(
                    in: name, matching: selection.filter, limit: limit - items.count, offset: offset)
            } catch { throw Problem(error) }
            items += page.jobs.map { JobResource($0, nowMilliseconds: now) }
            if let next = page.nextOffset {
                return Page(items: items, nextCursor: DeadCursor(queue: index, offset: next).text)
            }
            if items.count == limit, index + 1 < selection.queues.count {
                return Page(items: items, nextCursor: DeadCursor(queue: index + 1, offset: 0).text)
            }
        }
        return Page(items: items, nextCursor: nil)
    }
}

/// Where the next page begins: the queue's place in the selection, and how many of its entries came before.
struct DeadCursor: Sendable, Equatable {
    var queue = 0
    var offset = 0

    var text: String { "\(queue).\(offset)" }

    init(queue: Int, offset: Int) {
        self.queue = queue
        self.offset = offset
    }

    init(_ text: String?) throws(Problem) {
        guard let text else { return }
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 2, let queue = Int(parts[0]), let offset = Int(parts[1]), queue >= 0, offset >= 0 else {
            throw .badRequest("cursor is not one that this server gave")
        }
        self.queue = queue
        self.offset = offset
    }
}

/// Which buried jobs a request means: `queue`, `kind`, `target`, `since`, `until`, `id`.
struct DeadSelection: Sendable {
    var queues = JobQueue.all
    var filter = DeadFilter()

    init(query: some Sequence<(key: Substring, value: Substring)>) throws(Problem) {
        for (key, value) in query where !["limit", "cursor"].contains(key) {
            try set(String(key), String(value), pointer: nil)
        }
    }

    /// The same from a JSON object; `ids` may be an array.
    mutating func read(_ body: [UInt8]) throws(Problem) {
        let value: JSONValue
        do throws(JSONError) { value = try JSONParser.parse(body, limits: JSONLimits(bytes: body.count)) } catch {
            throw Problem(InputError(error))
        }
        guard let object = value.object else { throw .unprocessable([], detail: "a filter is a JSON object") }
        for member in object.members {
            let pointer = "/" + member.key
            switch member.value {
            case .null: continue
            case .string(let text): try set(member.key, text, pointer: pointer)
            case .array(let items) where member.key == "ids":
                for (index, item) in items.enumerated() {
                    try set("id", item.string ?? "", pointer: "\(pointer)/\(index)")
                }
            default: throw Self.problem(pointer, "A string is expected.")
            }
        }
    }

    private mutating func set(_ key: String, _ value: String, pointer: String?) throws(Problem) {
        switch key {
        case "queue":
            guard let name = QueueName(value), JobQueue.all.contains(name) else {
                throw Self.problem(pointer ?? "/queue", "There is no such queue.")
            }
            queues = [name]
        case "kind":
            filter.kind = value
        case "target":
            guard let target = CRMTarget(rawValue: value) else {
                throw Self.problem(pointer ?? "/target", "There is no such target.")
            }
            filter.lanePrefix = PushLane.prefix(of: target)
        case "since":
            filter.sinceMilliseconds = try Self.time(value, pointer ?? "/since")
        case "until":
            filter.untilMilliseconds = try Self.time(value, pointer ?? "/until")
        case "id", "ids":
            guard let id = JobID(value) else { throw Self.problem(pointer ?? "/id", "No job has this id.") }
            filter.ids = (filter.ids ?? []) + [id]
        default:
            let known = "queue, kind, target, since, until, id"
            throw Self.problem(pointer ?? "/" + key, "No such filter; there are \(known).")
        }
    }

    private static func time(_ text: String, _ pointer: String) throws(Problem) -> Int64 {
        guard let time = Timestamp(iso8601: text) else { throw problem(pointer, "An ISO-8601 time is expected.") }
        return time.milliseconds
    }

    private static func problem(_ pointer: String, _ detail: String) -> Problem {
        .unprocessable([.init(pointer: pointer, detail: detail)])
    }
}
