/// What a backfill does with each workspace. Pure.
public struct BackfillPlan: Sendable {
    /// One workspace and what becomes of it.
    public struct Item: Sendable, Hashable {
        /// The verdict on a workspace.
        public enum Verdict: Sendable, Hashable {
            /// It is to be done.
            case wanted
            /// There is nothing to do, and why.
            case skipped(String)
            /// It cannot be done before somebody puts it right, and why.
            case refused(String)
        }

        /// Which.
        public let workspace: CRMWorkspace
        /// What becomes of it.
        public let verdict: Verdict
    }

    /// Somebody asked for workspaces that the list does not have.
    public struct UnknownWorkspaces: Error, Sendable, Hashable {
        /// As they were asked for.
        public let names: [String]
    }

    /// What is done.
    public let mode: BackfillMode
    /// In the order of the list.
    public let items: [Item]

    /// How many are to be done.
    public var wantedCount: Int { items.count(where: { $0.verdict == .wanted }) }

    /// Judges a list.
    ///
    /// - Parameter selection: ids or subdomains; empty for every workspace.
    public init(
        _ mode: BackfillMode, _ workspaces: [CRMWorkspace], selection: [String] = []
    ) throws(UnknownWorkspaces) {
        self.mode = mode
        let wanted = Set(selection)
        let known = Set(workspaces.flatMap { [$0.id, $0.subdomain].compactMap { $0 } })
        let unknown = selection.filter { !known.contains($0) }
        guard unknown.isEmpty else { throw UnknownWorkspaces(names: unknown) }
        // Of the whole list: what is not selected holds its domain all the same.
        let owners = Self.owners(workspaces)
        items =
            workspaces
            .filter { wanted.isEmpty || wanted.contains($0.id) || $0.subdomain.map { wanted.contains($0) } ?? false }
            .map { Item(workspace: $0, verdict: Self.verdict(mode, $0, owners)) }
    }

    /// By domain, the workspace that has it: one that is connected already, else the first.
    private static func owners(_ workspaces: [CRMWorkspace]) -> [String: String] {
        var owners: [String: String] = [:]
        for workspace in workspaces.filter(\.isConnected) + workspaces.filter({ !$0.isConnected }) {
            guard let domain = workspace.domainName, owners[domain] == nil else { continue }
            owners[domain] = workspace.id
        }
        return owners
    }

    private static func verdict(
        _ mode: BackfillMode, _ workspace: CRMWorkspace, _ owners: [String: String]
    ) -> Item.Verdict {
        guard workspace.isActive else { return .skipped("the workspace is not active") }
        switch mode {
        case .full:
            if workspace.isConnected { return .skipped("it has a Hub already") }
            guard let domain = workspace.domainName else { return .refused("it has neither subdomain nor domain") }
            guard DomainSlug.isValid(domain) else {
                return .refused("its domain is not of the form \(DomainSlug.rule)")
            }
            guard let owner = owners[domain], owner != workspace.id else { return .wanted }
            return .refused("workspace \(owner) has the domain \(domain)")
        case .syncMembers:
            guard workspace.isConnected else { return .skipped("it has no Hub yet") }
            return workspace.memberEmails.isEmpty ? .skipped("it has no members to bring") : .wanted
        }
    }
}
