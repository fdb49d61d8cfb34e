// As much of Twenty as record sync asks for, in memory: unique fields, the trash, batches that are all or nothing, upserts
// by id and by unique field. It knows only the filters that are asked of it, and refuses any other.

import Basics
import TestKit
import Threads

@testable import Jobs

final class FakeTwenty: Sendable {
    struct Record: Sendable {
        var fields: JSONObject
        var isTrashed = false
        var id: String { fields["id"]?.string ?? "" }
    }

    struct Content: Sendable {
        var tables: [String: [Record]] = ["people": [], "companies": []]
        /// Answers instead of it, the first for the next request.
        var answers: [TargetAnswer?] = []
        /// What happens between two requests, by the number of the request before.
        var events: [Int: @Sendable (inout Content) -> Void] = [:]
        var count = 0
        /// API names that the workspace does not know.
        var unknownFields: Set<String> = ["shoeSize"]
    }

    /// A lock cannot be shared but by what holds it.
    private final class Holder: Sendable {
        let content = Locked(Content())
    }

    private let holder: Holder
    let target: FakeTarget

    init() throws {
        let holder = Holder()
        self.holder = holder
        target = try FakeTarget(choosing: { request in
            holder.content.withLock { content in
                content.count += 1
                content.events[content.count]?(&content)
                if !content.answers.isEmpty, let answer = content.answers.removeFirst() { return answer }
                return Self.answer(request, &content)
            }
        })
    }

    /// Changes or looks at what it holds.
    @discardableResult
    func change<Value: Sendable>(_ body: (inout Content) throws -> Value) rethrows -> Value {
        try holder.content.withLock { try body(&$0) }
    }

    /// The records of a table that are not in the trash, by the id.
    func records(_ table: String) -> [String: TwentyRecord] {
        let records = change { $0.tables[table] ?? [] }.filter { !$0.isTrashed }
        return Dictionary(
            uniqueKeysWithValues: records.compactMap { TwentyRecord(.object($0.fields)) }.map { ($0.id, $0) })
    }

    /// Such as `POST /rest/people`, in order.
    var calls: [String] { target.requests.map { "\($0.method) \($0.route)" } }

    func put(_ table: String, _ json: String, isTrashed: Bool = false) throws {
        guard let fields = try JSONParser.parse(Array(json.utf8)).object else { return }
        change { $0.tables[table, default: []].append(Record(fields: fields, isTrashed: isTrashed)) }
    }

    private static func refusal(_ status: Int, _ message: String) -> TargetAnswer {
        TwentyFixture.json(status, #"{"statusCode":\#(status),"error":"X","messages":["\#(message)"]}"#)
    }

    private static func answer(_ request: TargetRequest, _ content: inout Content) -> TargetAnswer {
        let parts = request.route.split(separator: "/").map(String.init)
        let isBatch = parts.count == 3 && parts[1] == "batch"
        let table = isBatch ? parts[2] : parts[1]
        let singular = table == "people" ? "Person" : "Company"
        let plural = table == "people" ? "People" : "Companies"
        switch (request.method, parts.count) {
        case ("GET", 2): return list(request, table, content)
        case ("GET", 3):
            guard let record = content.tables[table]?.first(where: { $0.id == parts[2] && !$0.isTrashed }) else {
                return refusal(404, "Record not found")
            }
            return one(200, singular.lowercased(), record)
        case ("POST", 2):
            switch write(request.json, table, &content, isUpsert: request.query["upsert"] == "true") {
            case .success(let record): return one(201, "create\(singular)", record)
            case .failure(let refusal): return refusal.answer
            }
        case ("POST", 3) where isBatch:
            let before = content
            var made: [JSONValue] = []
            for item in request.json.array ?? [] {
                switch write(item, table, &content, isUpsert: request.query["upsert"] == "true") {
                case .success(let record): made.insert(.object(record.fields), at: 0)
                case .failure(let refusal):
                    content = before
                    return refusal.answer
                }
            }
            let body = JSONValue.object(["data": .object(["create\(plural)": .array(made)])]).encoded()
            return TwentyFixture.json(201, String(decoding: body, as: UTF8.self))
        case ("PATCH", 3):
            guard let place = content.tables[table]?.firstIndex(where: { $0.id == parts[2] && !$0.isTrashed }) else {
                return refusal(404, "Record not found")
            }
            return patch(place, request.json.object ?? [:], table, &content).map { one(200, "update\(singular)", $0) }
                .answer
        default: return refusal(400, "Invalid path")
        }
    }

    struct Refusal: Error { let answer: TargetAnswer }

    private static func write(
        _ value: JSONValue, _ table: String, _ content: inout Content, isUpsert: Bool
    ) -> Result<Record, Refusal> {
        guard let fields = value.object, let id = fields["id"]?.string else {
            return .failure(Refusal(answer: refusal(400, "Invalid record")))
        }
        let all = content.tables[table] ?? []
        let mail = unique(fields, table)
        let matches = all.indices.filter {
            all[$0].id == id
                || (mail != nil && unique(all[$0].fields, table) == mail && (isUpsert || !all[$0].isTrashed))
        }
        if isUpsert, matches.count > 1 {
            return .failure(
                Refusal(
                    answer: TwentyFixture.json(
                        400, #"{"messages":["x"],"code":"UPSERT_MULTIPLE_MATCHING_RECORDS_CONFLICT"}"#)))
        }
        if let match = matches.first {
            guard isUpsert else { return .failure(Refusal(answer: refusal(400, "A duplicate entry was detected"))) }
            content.tables[table]?[match].isTrashed = false
            return patch(match, fields, table, &content)
        }
        if let bad = unknown(fields, content) { return .failure(bad) }
        let record = Record(fields: stored(fields))
        content.tables[table, default: []].append(record)
        return .success(record)
    }

    private static func patch(
        _ place: Int, _ changes: JSONObject, _ table: String, _ content: inout Content
    ) -> Result<Record, Refusal> {
        if let bad = unknown(changes, content) { return .failure(bad) }
        guard var record = content.tables[table]?[place] else {
            return .failure(Refusal(answer: refusal(404, "Record not found")))
        }
        let id = record.id
        if let mail = unique(changes, table),
            content.tables[table]?.contains(where: { $0.id != id && !$0.isTrashed && unique($0.fields, table) == mail })
                == true
        {
            return .failure(Refusal(answer: refusal(400, "A duplicate entry was detected")))
        }
        for member in stored(changes).members where member.key != "id" {
            record.fields.members.removeAll { $0.key == member.key }
            record.fields.members.append(member)
        }
        content.tables[table]?[place] = record
        return .success(record)
    }

    /// As Twenty keeps it: numbers without their codes.
    private static func stored(_ fields: JSONObject) -> JSONObject {
        var fields = fields
        for (index, member) in fields.members.enumerated() where member.key == "phones" {
            guard let text = member.value.object?["primaryPhoneNumber"]?.string, let phone = TwentyPhone(text) else {
                continue
            }
            var phones: JSONObject = [
                "primaryPhoneNumber": .string(phone.national), "primaryPhoneCallingCode": .string(phone.callingCode),
            ]
            phones.members.append(
                .init(key: "additionalPhones", value: member.value.object?["additionalPhones"] ?? .null))
            fields.members[index].value = .object(phones)
        }
        return fields
    }

    private static func unknown(_ fields: JSONObject, _ content: Content) -> Refusal? {
        guard let name = fields.members.first(where: { content.unknownFields.contains($0.key) })?.key else {
            return nil
        }
        return Refusal(answer: refusal(400, "Object doesn't have any \(name) field"))
    }

    private static func unique(_ fields: JSONObject, _ table: String) -> String? {
        table == "people"
            ? fields["emails"]?.object?["primaryEmail"]?.string
            : fields["domainName"]?.object?["primaryLinkUrl"]?.string
    }

    private static func one(_ status: Int, _ key: String, _ record: Record) -> TargetAnswer {
        let body = JSONValue.object(["data": .object([key: .object(record.fields)])]).encoded()
        return TwentyFixture.json(status, String(decoding: body, as: UTF8.self))
    }

    private static func list(_ request: TargetRequest, _ table: String, _ content: Content) -> TargetAnswer {
        let filter = request.query["filter"] ?? ""
        let all = content.tables[table] ?? []
        let values = Set(
            filter.split(separator: "\"").enumerated().filter { $0.offset % 2 == 1 }.map { String($0.element) })
        let found: [Record]
        if filter.hasPrefix("and(id[eq]:"), filter.hasSuffix("deletedAt[is]:NOT_NULL)") {
            found = all.filter { $0.isTrashed && values.contains($0.id) }
        } else if filter.hasPrefix("id[in]:") {
            found = all.filter { !$0.isTrashed && values.contains($0.id) }
        } else if filter.hasPrefix("emails.primaryEmail[") || filter.hasPrefix("domainName.primaryLinkUrl[") {
            // `_` in a pattern stands for any character.
            let isPattern = filter.contains("[like]")
            found = all.filter { record in
                guard !record.isTrashed, let text = unique(record.fields, table) else { return false }
                return values.contains { value in
                    isPattern
                        ? value.count == text.count && zip(value, text).allSatisfy { $0 == "_" || $0 == $1 }
                        : value == text
                }
            }
        } else if filter.isEmpty {
            found = all.filter { !$0.isTrashed }
        } else {
            return refusal(400, "Invalid filter")
        }
        let limit = request.query["limit"].flatMap { Int($0) } ?? 60
        let body = JSONValue.object([
            "data": .object([table: .array(found.prefix(limit).map { .object($0.fields) })]),
            "totalCount": .number("\(found.count)"),
            "pageInfo": .object(["hasNextPage": .bool(false), "endCursor": .string("c")]),
        ]).encoded()
        return TwentyFixture.json(200, String(decoding: body, as: UTF8.self))
    }
}

extension Result where Success == TargetAnswer, Failure == FakeTwenty.Refusal {
    fileprivate var answer: TargetAnswer {
        switch self {
        case .success(let answer): answer
        case .failure(let refusal): refusal.answer
        }
    }
}
