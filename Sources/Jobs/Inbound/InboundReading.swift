public import Basics
import Crypto

/// What the body of a genuine request turns out to be.
///
/// Three forms are known: what Twenty really sends (`eventName`, `eventDate`, `record`, `updatedFields`), and what the two
/// documents say (`operation`, `timestamp`, `record`, `previousRecord`; `event`, `timestamp`, `data`). Fields of the
/// record itself, nested or flat, are passed on as they are.
public enum InboundReading: Sendable, Hashable {
    /// A change of a record.
    case change(InboundChange)
    /// Nothing to work for.
    case ignored(Ignored)

    /// Why nothing is done. The raw value is what callers and counters are told.
    public enum Ignored: String, Sendable, Hashable, CaseIterable {
        /// About the form of data, not about a record.
        case metadata
        /// Only the record's place in a list changed.
        case move
        /// Not an event that we know.
        case unknown
    }

    /// Reads a body.
    ///
    /// - Parameter nowMilliseconds: stands in where the body names no time.
    /// - Throws: `malformed` for bytes that are no JSON.
    public static func read(_ body: [UInt8], nowMilliseconds: Int64) throws(InputError) -> InboundReading {
        let value: JSONValue
        do throws(JSONError) { value = try JSONParser.parse(body, limits: limits) } catch { throw InputError(error) }
        guard let object = value.object, let form = Form(object) else { return .ignored(.unknown) }
        if form.name.hasPrefix(metadataPrefix) { return .ignored(.metadata) }
        guard let change = form.change(nowMilliseconds: nowMilliseconds) else { return .ignored(.unknown) }
        return change.isMove ? .ignored(.move) : .change(change)
    }

    private static let metadataPrefix = "metadata."
    private static let limits = JSONLimits(bytes: 8 << 20, depth: 80, values: 1_000_000)

    /// A body with its members under one set of names.
    private struct Form {
        let object: JSONObject
        /// Such as `person.created`.
        let name: String
        let record: JSONObject
        let previous: JSONObject?

        init?(_ object: JSONObject) {
            guard let name = Self.text(object, "eventName", "event", "operation") else { return nil }
            self.object = object
            self.name = name
            let data = object["data"]?.object
            let old = object["previousRecord"]?.object
            let changed = data?["previousAttributes"]?.object
            if let record = object["record"]?.object ?? data?["record"]?.object {
                self.record = record
                previous = old
            } else if let attributes = data?["attributes"]?.object {
                record = Self.identified(attributes, data)
                // Only the fields that changed are told.
                previous = changed.map { Self.overlay(Self.identified(attributes, data), with: $0) }
            } else if let last = old ?? changed {
                record = Self.identified(last, data)
                previous = record
            } else if let data, data["object"] == nil, data["id"] != nil {
                (record, previous) = (data, nil)
            } else if let data, data["id"] != nil {
                (record, previous) = (Self.identified(JSONObject(), data), nil)
            } else {
                // A metadata event has none; of anything else nothing can be told.
                (record, previous) = (JSONObject(), nil)
            }
        }

        func change(nowMilliseconds: Int64) -> InboundChange? {
            let parts = name.split(separator: ".", omittingEmptySubsequences: false)
            guard parts.count == 2, EventType.isObjectName(parts[0]),
                let action = InboundChange.Action(rawValue: String(parts[1])), !record.members.isEmpty,
                let workspaceID = Self.identifier(object, "workspaceId")
            else { return nil }
            let fields = updatedFields(action)
            let at = Self.text(object, "eventDate", "timestamp").flatMap { Timestamp(iso8601: $0) }
            return InboundChange(
                source: .webhook, key: key(workspaceID, fields), object: String(parts[0]), action: action,
                workspaceID: workspaceID, webhookID: Self.identifier(object, "webhookId"),
                at: at ?? Timestamp(milliseconds: nowMilliseconds), record: record, previous: previous,
                updatedFields: fields, actor: actor)
        }

        /// The same for every telling of one change: the times at which it was told, and what is made anew each time, have no
        /// part in it.
        private func key(_ workspaceID: String, _ fields: [String]) -> String {
            let webhookID = Self.identifier(object, "webhookId") ?? ""
            if let id = Self.identifier(object, "id") { return InboundKey.of("id", workspaceID, webhookID, id) }
            guard let id = record["id"]?.string, let updatedAt = record["updatedAt"]?.string else {
                let content = JSONValue.object(record).canonical()
                return InboundKey.of("content", workspaceID, webhookID, name, String(decoding: content, as: UTF8.self))
            }
            return InboundKey.of(
                "record", workspaceID, webhookID, name, id, updatedAt, fields.joined(separator: ","))
        }

        private func updatedFields(_ action: InboundChange.Action) -> [String] {
            guard action == .updated else { return [] }
            if let told = object["updatedFields"]?.array { return told.compactMap(\.string).sorted() }
            guard let previous else { return [] }
            let keys = Set(previous.members.map(\.key)).union(record.members.map(\.key))
            return keys.filter { previous[$0] ?? .null != record[$0] ?? .null }.sorted()
        }

        private var actor: JSONObject {
            JSONObject(
                members: ["userId", "workspaceMemberId"].compactMap { key in
                    Self.identifier(object, key).map { .init(key: key, value: .string($0)) }
                })
        }

        private static func text(_ object: JSONObject, _ keys: String...) -> String? {
            for key in keys { if let text = object[key]?.string { return text } }
            return nil
        }

        /// Nil for what no id can be.
        private static func identifier(_ object: JSONObject, _ key: String) -> String? {
            var reader = FieldReader(object)
            return reader.identifier(key)
        }

        private static func identified(_ record: JSONObject, _ data: JSONObject?) -> JSONObject {
            guard record["id"] == nil, let id = data?["id"], !id.isNull else { return record }
            return JSONObject(members: [.init(key: "id", value: id)] + record.members)
        }

        private static func overlay(_ record: JSONObject, with old: JSONObject) -> JSONObject {
            let kept = record.members.map { JSONObject.Member(key: $0.key, value: old[$0.key] ?? $0.value) }
            return JSONObject(members: kept + old.members.filter { record[$0.key] == nil })
        }
    }
}

/// Names for changes.
enum InboundKey {
    /// 32 hexadecimal digits of these parts; where one ends and the next begins matters.
    static func of(_ parts: String...) -> String {
        var hash = SHA256()
        for part in parts { hash.update(data: Array("\(part.utf8.count):\(part)".utf8)) }
        return Hexadecimal.encode(hash.finalize().prefix(16))
    }
}
