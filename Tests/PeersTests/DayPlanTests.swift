import Testing

@testable import Day

/// What a day is to leave behind, and how it is compared.
@Suite(.timeLimit(.minutes(1)))
struct DayPlanTests {
    @Test func nothingIsMeantTwice() {
        let plan = DayPlan(name: "d", size: DaySize(), firstAgent: 1)
        let expected = plan.expected
        #expect(expected.lines[.people]?.count == 100 + 10 * 500 - 20)
        #expect(expected.lines[.calls]?.count == 200)
        #expect(expected.lines[.replay]?.count == 200)
        #expect(expected.lines[.subscription]?.count == 200 + 200 + 70 + 4_980)
        #expect(expected.lines[.dead] == nil)
        for (part, lines) in expected.lines { #expect(Set(lines).count == lines.count, "\(part)") }
        #expect(plan.statusEvents == 500)
        #expect(plan.size.calls * plan.size.updates == 5_000)
    }

    @Test(arguments: [1, 2, 7, 20])
    func clientsWhoAreContactsAreOneOfTheirs(agents: Int) {
        var size = DaySize()
        (size.agents, size.clients) = (agents, 20)
        let plan = DayPlan(name: "d", size: size, firstAgent: 681)
        let shared = plan.contacts.compactMap(\.client)
        #expect(Set(shared).count == 20)
        for client in shared {
            #expect(plan.agents.contains(client.agent) && 0..<size.clients ~= client.place)
        }
        #expect(plan.expected.lines[.people]?.count == 100 + agents * 20 - 20)
    }

    @Test func whatIsMissingAndWhatIsTooMuchIsFound() throws {
        var (meant, found) = (DayState(), DayState())
        for line in ["a", "b", "b", "c"] { meant.add(.calls, line) }
        for line in ["b", "a", "c", "c", "d"] { found.add(.calls, line) }
        let calls = try #require(meant.report(found: found).first { $0.part == .calls })
        #expect(calls.missing == ["b"] && calls.unexpected == ["c", "d"])
        #expect((calls.expected, calls.found) == (4, 5))
        #expect(!calls.isGood)
        #expect(meant.report(found: meant).filter(\.isGood).count == DayPart.allCases.count)
        let nothing = meant.report(found: DayState())
        #expect(nothing.first { $0.part == .calls }?.missing == ["a", "b", "b", "c"])
    }
}
