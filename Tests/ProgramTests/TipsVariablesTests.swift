import Jobs
import Program
import Queue
import Testing

struct TipsVariablesTests {
    private static let whole = [
        "TIPS_CLIENT_ID": "id", "TIPS_CLIENT_SECRET": "s3cret",
        "TIPS_SYNC_WORKSPACE_ID": "20202020-1C25-4d02-bf25-6aeccf7ea419", "CRM_API_URL": "https://crm.example",
        "CRM_PROVISIONING_SECRET": "p", "CRM_WORKSPACE_API_KEY": "k",
    ]

    @Test func nothingIsNeededUntilASyncIsAskedFor() throws {
        let tips = try TipsVariables.settings(Settings(environment: [:]))
        #expect(tips.missing.count == 7)
        #expect(tips.schedules.isEmpty)
    }

    @Test func aWholeSetHasItsDefaults() throws {
        let tips = try TipsVariables.settings(Settings(environment: Self.whole))
        #expect(tips.missing.isEmpty)
        #expect(tips.tips?.description == "tips at tipsadvisors.tipservices.ca:443")
        #expect(tips.twenty?.description == "twenty at crm.example:443")
        #expect(tips.workspaceID == "20202020-1c25-4d02-bf25-6aeccf7ea419")
        #expect(tips.schedules.isEmpty)
    }

    @Test func theScheduleIsSwitchedOn() throws {
        var values = Self.whole
        values["TIPS_SYNC_ENABLED"] = "true"
        values["TIPS_SYNC_CRON_PATTERN"] = "30 5 * * *"
        values["TIPS_SYNC_TIME_ZONE"] = "America/Toronto"
        let schedule = try #require(try TipsVariables.settings(Settings(environment: values)).schedules.first)
        #expect(schedule.schedule.name == "tips.sync")
        #expect(schedule.schedule.zone.identifier == "America/Toronto")
        // 2026-01-31, 05:30 in Toronto.
        #expect(schedule.schedule.next(after: 1_769_817_600_000) == 1_769_855_400_000)
    }

    @Test(arguments: [
        ("TIPS_SYNC_CRON_PATTERN", "every hour"), ("TIPS_SYNC_TIME_ZONE", "Mars/Base"),
        ("TIPS_SYNC_WORKSPACE_ID", "mine"), ("TIPS_API_BASE_URL", "ftp://x"), ("TIPS_SYNC_ENABLED", "perhaps"),
    ])
    func aBadValueIsNamed(_ name: String, _ value: String) {
        let error = #expect(throws: ProgramError.self) {
            try TipsVariables.settings(Settings(environment: Self.whole.merging([name: value]) { $1 }))
        }
        #expect(error?.exitCode == .configuration)
        #expect(error?.message.contains(name) == true)
    }
}
