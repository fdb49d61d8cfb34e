import Basics
import Testing

@testable import Jobs

struct BackfillPlanTests {
    private func verdicts(
        _ mode: BackfillMode, _ workspaces: [CRMWorkspace], _ selection: [String] = []
    ) throws -> [String: BackfillPlan.Item.Verdict] {
        let plan = try BackfillPlan(mode, workspaces, selection: selection)
        return Dictionary(plan.items.map { ($0.workspace.id, $0.verdict) }) { first, _ in first }
    }

    private static let list = [
        CRMWorkspace(id: "new", subdomain: "acme"),
        CRMWorkspace(id: "old", subdomain: "beta", isConnected: true, memberEmails: ["a@b.c"]),
        CRMWorkspace(id: "asleep", subdomain: "gamma", activationStatus: "SUSPENDED"),
        CRMWorkspace(id: "assigned", subdomain: "Bad_One", activationStatus: "active", assignedDomain: "delta"),
        CRMWorkspace(id: "bad", subdomain: "Bad_Two"),
        CRMWorkspace(id: "nameless", subdomain: nil),
        CRMWorkspace(id: "empty", subdomain: "eta", isConnected: true),
    ]

    @Test func hubsAreSetUpWhereThereIsNone() throws {
        let verdicts = try verdicts(.full, Self.list)
        #expect(verdicts["new"] == .wanted && verdicts["assigned"] == .wanted)
        #expect(verdicts["old"] == .skipped("it has a Hub already"))
        #expect(verdicts["asleep"] == .skipped("the workspace is not active"))
        #expect(verdicts["bad"] == .refused("its domain is not of the form [a-z0-9-]{3,30}"))
        #expect(verdicts["nameless"] == .refused("it has neither subdomain nor domain"))
    }

    @Test func membersAreBroughtWhereThereIsOne() throws {
        let verdicts = try verdicts(.syncMembers, Self.list)
        #expect(verdicts["old"] == .wanted)
        #expect(verdicts["new"] == .skipped("it has no Hub yet"))
        #expect(verdicts["empty"] == .skipped("it has no members to bring"))
    }

    /// A second workspace of one domain would take the first one's account over.
    @Test func aDomainHasOneWorkspace() throws {
        let twins = [
            CRMWorkspace(id: "a", subdomain: "acme"), CRMWorkspace(id: "b", subdomain: "x", assignedDomain: "acme"),
            CRMWorkspace(id: "c", subdomain: "acme", isConnected: true),
        ]
        let all = try verdicts(.full, twins)
        #expect(all["a"] == .refused("workspace c has the domain acme"))
        #expect(all["b"] == .refused("workspace c has the domain acme"))
        let two = try verdicts(.full, Array(twins.prefix(2)), ["b"])
        #expect(two == ["b": .refused("workspace a has the domain acme")])
    }

    @Test func aSelectionIsByIDOrSubdomain() throws {
        #expect(try verdicts(.full, Self.list, ["new", "gamma"]).keys.sorted() == ["asleep", "new"])
        let error = #expect(throws: BackfillPlan.UnknownWorkspaces.self) {
            try BackfillPlan(.full, Self.list, selection: ["new", "none", "delta"])
        }
        #expect(error?.names == ["none", "delta"])
    }

    @Test(arguments: [
        ("abc", true), ("a-1", true), ("---", true), (String(repeating: "a", count: 30), true), ("ab", false),
        (String(repeating: "a", count: 31), false), ("Abc", false), ("a_b", false), ("äbc", false), ("a.b", false),
        ("", false), ("ab ", false), ("abc\n", false),
    ])
    func aSlugIs(text: String, isValid: Bool) {
        #expect(DomainSlug.isValid(text) == isValid)
    }

    @Test func aWorkspaceIsReadAsItIsListed() throws {
        let text = """
            {"workspaceId":"w","subdomain":"acme","displayName":"","activationStatus":"ACTIVE","hubConnected":true,
            "assignedDomain":null,"adminEmail":"a@b.c","hubSyncMemberEmails":["x@y.z",7]}
            """
        let workspace = try #require(CRMWorkspace(try JSONParser.parse(Array(text.utf8))))
        #expect(
            workspace
                == CRMWorkspace(
                    id: "w", subdomain: "acme", activationStatus: "ACTIVE", isConnected: true, adminEmail: "a@b.c",
                    memberEmails: ["x@y.z"]))
        #expect(CRMWorkspace(.object(["subdomain": .string("x")])) == nil && CRMWorkspace(.null) == nil)
    }
}
