// As much of a Twenty workspace as the bootstrap and the reconciliation ask for, in memory: people, the trash, pages by
// cursor, look-ups by number and address. It refuses any other filter.

import Basics
import Curl
import Guard
import Queue
import TestKit
import Threads

@testable import Jobs

final class FakeWorkspace: Sendable {
    struct Record: Sendable {
        var fields: JSONObject
        var isTrashed = false
        var id: String { fields["id"]?.string ?? "" }

        /// A field, or a part of a composite one.
        func text(_ path: String) -> String? { TwentyRecord(.object(fields))?.text(path) }
    }

    struct Content: Sendable {
        var people: [Record] = []
        /// Answers instead of it, the first for the next request.
        var answers: [TargetAnswer?] = []
    }

    /// A lock cannot be shared but by what holds it.
    final class Store: Sendable {
        let content = Locked(Content())
    }

    let store: Store
    let target: FakeTarget

    init() throws {
        let store = Store()
        self.store = store
        target = try FakeTarget(choosing: { request in
            store.content.withLock { content in
                if !content.answers.isEmpty, let answer = content.answers.removeFirst() { return answer }
                return Self.answer(request, &content)
            }
        })
    }

    /// Those that are not in the trash, by the id.
    var people: [String: TwentyRecord] {
        let records = store.content.withLock { $0.people }.filter { !$0.isTrashed }
        return Dictionary(
            uniqueKeysWithValues: records.compactMap { TwentyRecord(.object($0.fields)) }.map { ($0.id, $0) })
    }

    /// Such as `POST /rest/people`, in order.
    var calls: [String] { target.requests.map { "\($0.method) \(Self.route($0))" } }

    func put(_ json: String, isTrashed: Bool = false) throws {
        guard let fields = try JSONParser.parse(Array(json.utf8)).object else { return }
        store.content.withLock { $0.people.append(Record(fields: fields, isTrashed: isTrashed)) }
    }

    /// Runs `body` with a client of it, which may call as often as it likes.
    func withClient(_ body: (TwentyClient) async throws -> Void) async throws {
        let curl = CurlClient()
        do {
            try await PostgresFixture.withDatabase { pool in
                let address = try ServiceAddress(
                    name: "twenty", url: target.url(""), token: WebhookSecret("key"), isNamedByOperator: true)
                let service = ServiceClient(
                    address, client: curl, outbound: AddressGuard(), clock: SystemWallClock(),
                    timeoutMilliseconds: 5_000)
                let limits = TwentyLimits(perMinute: 60_000, burst: 1_000)
                let limiter = TwentyLimiter(
                    store: TwentyLimitStore(pool: pool), limits: limits, clock: SystemMonotonicClock())
                try await body(TwentyClient(service: service, limiter: limiter))
            }
        } catch {
            await curl.shutdown()
            throw error
        }
        await curl.shutdown()
        target.stop()
    }

    static func json(_ status: Int = 200, _ text: String) -> TargetAnswer {
        .reply(status: status, headers: [("Content-Type", "application/json")], body: Array(text.utf8))
    }

    static func route(_ request: TargetRequest) -> String { String(request.path.prefix { $0 != "?" }) }

    static func body(_ request: TargetRequest) throws -> JSONObject {
        try JSONParser.parse(request.body).object ?? JSONObject()
    }

    private static func refusal(_ status: Int, _ message: String) -> TargetAnswer {
        json(status, #"{"statusCode":\#(status),"error":"X","messages":["\#(message)"]}"#)
    }

    private static func answer(_ request: TargetRequest, _ content: inout Content) -> TargetAnswer {
        let parts = route(request).split(separator: "/").map(String.init)
        let fields: JSONObject
        do { fields = request.body.isEmpty ? JSONObject() : try body(request) } catch {
            return refusal(400, "Invalid body")
        }
        switch (request.method, parts.count) {
        case ("GET", 2): return list(request.query, content)
        case ("GET", 3):
            guard let record = content.people.first(where: { $0.id == parts[2] && !$0.isTrashed }) else {
                return refusal(404, "Record not found")
            }
            return one(200, "person", record)
        case ("POST", 2):
            let record = Record(fields: stored(fields))
            let mail = record.text("emails.primaryEmail")
            let isTaken = content.people.contains {
                $0.id == record.id || (mail != nil && !$0.isTrashed && $0.text("emails.primaryEmail") == mail)
            }
            if isTaken { return refusal(400, "A duplicate entry was detected") }
            content.people.append(record)
            return one(201, "createPerson", record)
        case ("PATCH", 3):
            guard let place = content.people.firstIndex(where: { $0.id == parts[2] && !$0.isTrashed }) else {
                return refusal(404, "Record not found")
            }
            for member in stored(fields).members {
                content.people[place].fields.members.removeAll { $0.key == member.key }
                content.people[place].fields.members.append(member)
            }
            return one(200, "updatePerson", content.people[place])
        default: return refusal(400, "Invalid path")
        }
    }

    /// As Twenty keeps it: numbers without their codes.
    private static func stored(_ fields: JSONObject) -> JSONObject {
        var fields = fields
        for (index, member) in fields.members.enumerated() where member.key == "phones" {
            guard let text = member.value.object?["primaryPhoneNumber"]?.string, let phone = TwentyPhone(text) else {
                continue
            }
            fields.members[index].value = .object([
                "primaryPhoneNumber": .string(phone.national), "primaryPhoneCallingCode": .string(phone.callingCode),
            ])
        }
        return fields
    }

    private static func one(_ status: Int, _ key: String, _ record: Record) -> TargetAnswer {
        let body = JSONValue.object(["data": .object([key: .object(record.fields)])]).encoded()
        return json(status, String(decoding: body, as: UTF8.self))
    }

    /// The cursor is the place of the next record.
    private static func list(_ query: [String: String], _ content: Content) -> TargetAnswer {
        let filter = query["filter"] ?? ""
        let values = filter.split(separator: "\"").enumerated().filter { $0.offset % 2 == 1 }.map { String($0.element) }
        let found: [Record]
        if filter.hasPrefix("phones.primaryPhoneNumber[in]:") {
            found = content.people.filter {
                !$0.isTrashed && values.contains($0.text("phones.primaryPhoneNumber") ?? "")
            }
        } else if filter.hasPrefix("emails.primaryEmail[eq]:") {
            found = content.people.filter { !$0.isTrashed && values.contains($0.text("emails.primaryEmail") ?? "") }
        } else if filter.hasPrefix("and(id[eq]:") {
            found = content.people.filter { $0.isTrashed && values.contains($0.id) }
        } else if let field = ["updatedAt", "deletedAt"].first(where: { filter.hasPrefix("\($0)[gte]:") }) {
            found = content.people
                .filter { $0.isTrashed == (field == "deletedAt") && ($0.text(field) ?? "") >= (values.first ?? "") }
                .sorted { ($0.text(field) ?? "", $0.id) < ($1.text(field) ?? "", $1.id) }
        } else {
            return refusal(400, "Invalid filter")
        }
        let start = query["starting_after"].flatMap { Int($0) } ?? 0
        let page = found.dropFirst(start).prefix(query["limit"].flatMap { Int($0) } ?? 60)
        let hasMore = start + page.count < found.count
        let body = JSONValue.object([
            "data": .object(["people": .array(page.map { .object($0.fields) })]),
            "totalCount": .number("\(found.count)"),
            "pageInfo": .object(["hasNextPage": .bool(hasMore), "endCursor": .string("\(start + page.count)")]),
        ]).encoded()
        return json(200, String(decoding: body, as: UTF8.self))
    }
}
