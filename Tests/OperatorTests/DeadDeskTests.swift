import Basics
import Jobs
import Queue
import TestKit
import Testing

@testable import Operator

@Suite(.timeLimit(.minutes(1)))
struct DeadDeskTests {
    private func desk(_ bench: OperatorBench) -> DeadDesk {
        DeadDesk(queue: bench.client(), clock: FixedClock(milliseconds: 1_000_000))
    }

    @Test func pagesGoThroughAllQueues() async throws {
        let bench = try await OperatorBench()
        let webhooks = try await bench.bury(3, in: "webhooks", at: 10_000)
        let crm = try await bench.bury(2, in: "crm", at: 10_000)
        var seen: [String] = []
        var cursor = DeadCursor()
        var pages = 0
        while pages < 9 {
            let page = try await desk(bench).page(DeadSelection(), limit: 2, from: cursor)
            seen += page.items.map(\.id)
            pages += 1
            guard let next = page.nextCursor else { break }
            cursor = try #require(DeadCursor(next))
        }
        #expect(seen == (webhooks.reversed() + crm.reversed()).map(\.description))
        #expect((3...4).contains(pages))
    }

    @Test(arguments: ["", "1", "a.b", "-1.0", "1.-1", "1.2.3", " 1.2"])
    func otherCursorsAreNone(text: String) {
        #expect(DeadCursor(text) == nil)
    }

    @Test func everyFilterNarrows() async throws {
        let bench = try await OperatorBench()
        try await bench.bury(2, in: "webhooks", at: 10_000, kind: "engagement.push", lane: "twenty:a")
        try await bench.bury(1, in: "webhooks", at: 20_000, kind: "engagement.push", lane: "zoho:a")
        let ids = try await bench.bury(1, in: "crm", at: 30_000)
        for (name, value, count) in [
            ("queue", "webhooks", 3), ("kind", "engagement.push", 3), ("target", "twenty", 2), ("target", "hubspot", 0),
            ("since", "1970-01-01T00:00:20Z", 2), ("until", "1970-01-01T00:00:20Z", 2), ("id", ids[0].description, 1),
            ("id", JobID(nowMilliseconds: 0).description, 0),
        ] {
            var selection = DeadSelection()
            try selection.set(name, value)
            #expect(!selection.isEverything)
            let page = try await desk(bench).page(selection, limit: 9)
            #expect(page.items.count == count, "\(name)=\(value)")
        }
    }

    @Test func deletesAndRetriesWhatIsMeant() async throws {
        let bench = try await OperatorBench()
        let webhooks = try await bench.bury(3, in: "webhooks", at: 10_000)
        try await bench.bury(2, in: "crm", at: 10_000)
        var one = DeadSelection()
        try one.set("id", webhooks[1].description)
        #expect(try await desk(bench).delete(one) == 1)
        #expect(try await desk(bench).delete(one) == 0)
        var queue = DeadSelection()
        try queue.set("queue", "webhooks")
        #expect(try await desk(bench).retry(queue) == 2)
        #expect(try await desk(bench).delete(DeadSelection()) == 2)
        #expect(try await desk(bench).page(DeadSelection(), limit: 9).items.isEmpty)
        #expect(try await bench.queueDesk.queues().map(\.ready) == [2, 0, 0, 0, 0])
    }

    @Test(arguments: [
        ("queue", "nope", "/queue"), ("queue", "", "/queue"), ("target", "nope", "/target"),
        ("since", "soon", "/since"),
        ("until", "", "/until"), ("id", "x", "/id"), ("colour", "red", "/colour"), ("a/b", "", "/a~1b"),
    ])
    func badValuesNameTheirPlace(name: String, value: String, pointer: String) throws {
        var selection = DeadSelection()
        let error = #expect(throws: InputError.self) { try selection.set(name, value) }
        #expect(error?.problems.map(\.pointer) == [pointer])
    }

    @Test(arguments: [
        ("7", "", false), (#"{"ids":["x"]}"#, "/ids/0", false), (#"{"kind":7}"#, "/kind", false),
        (#"{"ids":[7]}"#, "/ids/0", false), ("{", nil, true),
    ])
    func badBodiesNameTheirPlace(body: String, pointer: String?, isMalformed: Bool) throws {
        var selection = DeadSelection()
        let error = #expect(throws: InputError.self) { try selection.read(Array(body.utf8)) }
        #expect((error?.kind == .malformed) == isMalformed)
        if let pointer { #expect(error?.problems.map(\.pointer) == [pointer]) }
    }

    @Test func anEmptyListOfIDsMeansNoJob() async throws {
        let bench = try await OperatorBench()
        try await bench.bury(2, in: "crm", at: 10_000)
        var selection = DeadSelection()
        try selection.read(Array(#"{"ids":[],"kind":null}"#.utf8))
        #expect(!selection.isEverything)
        #expect(try await desk(bench).retry(selection) == 0)
        #expect(try await desk(bench).delete(selection) == 0)
    }
}
