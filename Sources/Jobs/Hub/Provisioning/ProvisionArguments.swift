public import Basics

/// The arguments of a `hub.provision` job, which are what is posted to the assistant.
public struct ProvisionArguments: Sendable, Hashable {
    /// What is asked.
    public let action: ProvisionAction
    /// Of the CRM.
    public let workspaceID: String
    /// The account, where it is known.
    public let domainName: String?

    static let actionKey = "action"
    static let workspaceKey = "workspaceId"
    static let domainKey = "domainName"

    /// What to ask for a workspace.
    public init(action: ProvisionAction, workspaceID: String, domainName: String? = nil) {
        (self.action, self.workspaceID, self.domainName) = (action, workspaceID, domainName)
    }

    /// Reads arguments.
    ///
    /// - Throws: every problem with its pointer.
    public init(_ bytes: [UInt8]) throws(InputError) {
        var fields = FieldReader(try PushArguments.object(bytes))
        let workspaceID = fields.identifier(Self.workspaceKey, isRequired: true)
        let action = fields.member(Self.actionKey)?.string.flatMap { ProvisionAction(rawValue: $0) }
        if action == nil {
            let known = ProvisionAction.allCases.map(\.rawValue).joined(separator: ", ")
            fields.report(Self.actionKey, "One of \(known) is expected.")
        }
        domainName = fields.identifier(Self.domainKey)
        guard let action, let workspaceID, fields.problems.isEmpty else { throw InputError(problems: fields.problems) }
        (self.action, self.workspaceID) = (action, workspaceID)
    }

    /// As JSON.
    public func encoded() -> [UInt8] {
        var writer = JSONWriter(capacity: 160)
        writer.beginObject()
        writer.key(Self.actionKey)
        writer.string(action.rawValue)
        writer.key(Self.workspaceKey)
        writer.string(workspaceID)
        if let domainName {
            writer.key(Self.domainKey)
            writer.string(domainName)
        }
        writer.endObject()
        return writer.bytes
    }
}
