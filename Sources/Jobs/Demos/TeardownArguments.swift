public import Basics

/// The arguments of a `demo.teardown` job.
public struct TeardownArguments: Sendable, Hashable {
    /// Of the demo's workspace.
    public let subdomain: String
    /// The workspace that is meant: another one of the same subdomain is left alone.
    public let workspaceID: String?
    /// Not before then.
    public let expiresAt: Timestamp?

    static let subdomainKey = "subdomain"
    static let workspaceKey = "workspaceId"
    static let expiryKey = "expires_at"

    /// Reads arguments.
    ///
    /// - Throws: every problem with its pointer.
    public init(_ bytes: [UInt8]) throws(InputError) {
        var fields = FieldReader(try PushArguments.object(bytes))
        let subdomain = fields.identifier(Self.subdomainKey, isRequired: true)
        if let subdomain, !DomainSlug.isValid(subdomain) {
            fields.report(Self.subdomainKey, "It has to be of the form \(DomainSlug.rule).")
        }
        workspaceID = fields.identifier(Self.workspaceKey)
        expiresAt = fields.timestamp(Self.expiryKey)
        guard let subdomain, fields.problems.isEmpty else { throw InputError(problems: fields.problems) }
        self.subdomain = subdomain
    }
}
