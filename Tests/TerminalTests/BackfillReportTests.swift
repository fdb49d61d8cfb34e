import Basics
import Jobs
import Operator
import Testing

@testable import Terminal

struct BackfillReportTests {
    private static let list = [
        CRMWorkspace(id: "w-1", subdomain: "acme"), CRMWorkspace(id: "w-2", subdomain: "beta", isConnected: true),
        CRMWorkspace(id: "w-3", subdomain: "No"),
    ]

    @Test func aDryRunIsATable() throws {
        let plan = try BackfillPlan(.full, Self.list)
        let steps = plan.items.map { BackfillStep(planned: $0, hasAccount: $0.workspace.id == "w-1") }
        #expect(
            BackfillReport.lines(steps, BackfillSummary(plan, steps), width: nil) == [
                "WORKSPACE  DOMAIN  STATE    HUB ACCOUNT  DETAIL", "acme       acme    planned  yes          -",
                "beta       beta    skipped  no           it has a Hub already",
                "No         No      failed   no           its domain is not of the form [a-z0-9-]{3,30}", "",
                "3 workspaces: 1 to do, 1 skipped, 1 failed",
            ])
        let json = try JSONParser.parse(try ResourceJSON.encode(BackfillSummary(plan, steps))).object
        #expect(json?["planned"]?.integer == 1 && json?["failed"]?.integer == 1 && json?["mode"]?.string == "full")
        #expect(
            BackfillReport.lines([], try BackfillSummary(BackfillPlan(.full, []), []), width: nil) == ["0 workspaces"])
    }

    @Test func theBarShowsHowFarItIs() {
        #expect(BackfillRun.bar(0, 4, nil) == "[..............................] 0 of 4")
        #expect(BackfillRun.bar(2, 4, "it waits\n") == "[###############...............] 2 of 4  it waits\\n")
        #expect(BackfillRun.bar(4, 4, nil) == "[##############################] 4 of 4")
        #expect(BackfillRun.bar(0, 0, nil).hasSuffix("0 of 0"))
    }
}
