import Basics

/// A workspace of the CRM, as domain-chatbot lists it.
public struct CRMWorkspace: Sendable, Hashable {
    /// The CRM's id.
    public let id: String
    /// Of its address in the CRM.
    public let subdomain: String?
    /// For people.
    public let displayName: String?
    /// Such as `ACTIVE`; nil where the list does not say.
    public let activationStatus: String?
    /// Whether it has a Hub that it is wired to.
    public let isConnected: Bool
    /// The domain that somebody gave it, instead of its subdomain.
    public let assignedDomain: String?
    /// Who is to administer the domain.
    public let adminEmail: String?
    /// Members who are to have the Hub too.
    public let memberEmails: [String]

    /// Most workspaces of one list.
    public static let maximumCount = 10_000
    /// Most members of one.
    public static let maximumMembers = 1_000

    /// A workspace.
    public init(
        id: String, subdomain: String?, displayName: String? = nil, activationStatus: String? = nil,
        isConnected: Bool = false, assignedDomain: String? = nil, adminEmail: String? = nil,
        memberEmails: [String] = []
    ) {
        (self.id, self.subdomain, self.displayName) = (id, subdomain, displayName)
        (self.activationStatus, self.isConnected) = (activationStatus, isConnected)
        (self.assignedDomain, self.adminEmail, self.memberEmails) = (assignedDomain, adminEmail, memberEmails)
    }

    /// Reads one of the list; nil without an id.
    init?(_ value: JSONValue) {
        guard let object = value.object, let id = Self.text(object, "workspaceId"), id.utf8.count <= 255 else {
            return nil
        }
        self.init(
            id: id, subdomain: Self.text(object, "subdomain"), displayName: Self.text(object, "displayName"),
            activationStatus: Self.text(object, "activationStatus"), isConnected: object["hubConnected"] == .bool(true),
            assignedDomain: Self.text(object, "assignedDomain"), adminEmail: Self.text(object, "adminEmail"),
            memberEmails: (object["hubSyncMemberEmails"]?.array ?? []).prefix(Self.maximumMembers)
                .compactMap { $0.string.map { StorableText.make($0, maximumBytes: Self.maximumTextBytes) } })
    }

    /// What its domain is to be called.
    public var domainName: String? { assignedDomain ?? subdomain }

    /// Whether it is at work; one of which nobody said it is not is.
    public var isActive: Bool { activationStatus.map { $0.uppercased() == "ACTIVE" } ?? true }

    private static let maximumTextBytes = 500

    /// Empty counts as absent.
    private static func text(_ object: JSONObject, _ key: String) -> String? {
        guard let text = object[key]?.string, !text.isEmpty else { return nil }
        return StorableText.make(text, maximumBytes: maximumTextBytes)
    }
}
