public import Basics

/// What an event must be besides matching an operation.
public struct EndpointFilter: Sendable, Hashable {
    /// Most objects.
    public static let maximumObjects = 100
    /// Most conditions.
    public static let maximumConditions = 20

    /// Names of objects, as before the dot of an event's type; empty lets every object pass.
    public var objects: [String]
    /// All of them have to hold.
    public var conditions: [FieldCondition]

    /// A filter; by default one that lets everything pass.
    public init(objects: [String] = [], conditions: [FieldCondition] = []) {
        self.objects = objects
        self.conditions = conditions
    }

    /// Whether it lets everything pass.
    public var isEmpty: Bool { objects.isEmpty && conditions.isEmpty }

    func allows(_ event: EndpointEvent) -> Bool {
        guard objects.isEmpty || objects.contains(event.object) else { return false }
        guard !conditions.isEmpty else { return true }
        let record = event.record
        return conditions.allSatisfy { $0.holds(record: record, event: event.source) }
    }

    /// As the API takes and shows it.
    public var json: JSONValue {
        var members: [JSONObject.Member] = []
        if !objects.isEmpty { members.append(.init(key: "objects", value: .array(objects.map { .string($0) }))) }
        if !conditions.isEmpty {
            let fields = conditions.map { JSONObject.Member(key: $0.path, value: $0.value) }
            members.append(.init(key: "conditions", value: .object(JSONObject(members: fields))))
        }
        return .object(JSONObject(members: members))
    }
}
