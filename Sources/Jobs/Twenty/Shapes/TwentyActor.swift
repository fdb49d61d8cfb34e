public import Basics

/// Who made a record, as Twenty keeps it in `createdBy`.
public struct TwentyActor: Sendable, Hashable {
    /// One of Twenty's words: `API`, `MANUAL`, `SYSTEM`, `IMPORT`, `WEBHOOK`, `WORKFLOW`, …
    public var source: String
    /// The name that is shown. Without one Twenty puts the API key's own actor in place of all of it.
    public var name: String
    /// The member, if it was one.
    public var workspaceMemberID: String?

    /// An actor.
    public init(source: String, name: String, workspaceMemberID: String?) {
        (self.source, self.name, self.workspaceMemberID) = (source, name, workspaceMemberID)
    }

    /// As a record holds it; nil for anything that is no object.
    public init?(_ value: JSONValue?) {
        guard let object = value?.object else { return nil }
        self.init(
            source: object["source"]?.string ?? "", name: object["name"]?.string ?? "",
            workspaceMemberID: object["workspaceMemberId"]?.string)
    }

    /// The field's value for a create or a patch.
    public var value: JSONValue {
        .object([
            "source": .string(source), "name": .string(name),
            "workspaceMemberId": workspaceMemberID.map { .string($0) } ?? .null,
        ])
    }
}
