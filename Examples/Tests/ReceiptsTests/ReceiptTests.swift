import Foundation
import Queue
import Receipts
import Testing

let redis = ProcessInfo.processInfo.environment["REDIS_URL"] ?? "redis://127.0.0.1:6379"

@Suite(.timeLimit(.minutes(1)))
struct ReceiptTests {
    @Test func aBusyMailServerIsTriedAgain() async throws {
        let mailer = ScriptedMailer([.busy(afterMilliseconds: 0), .busy(afterMilliseconds: 60_000), .sent])
        let registry = ReceiptSender(mailer: mailer).registry
        try await QueueSimulation.run(url: redis, registry: registry) { simulation in
            let start = simulation.nowMilliseconds
            let receipt = try await simulation.client.enqueue(SendReceipt(order: 1, address: "a@example.com"))
            try await simulation.runUntilIdle()

            let runs = await simulation.runs(of: SendReceipt.self)
            #expect(runs.map { $0.startMilliseconds - start } == [0, 5_000, 65_000])
            #expect(runs.last?.result == .done)
            #expect(await mailer.mails.map(\.id) == Array(repeating: "\(receipt.id)", count: 3))
        }
    }

    @Test func oneOrderHasOneReceipt() async throws {
        let mailer = ScriptedMailer([])
        try await QueueSimulation.run(url: redis, registry: ReceiptSender(mailer: mailer).registry) { simulation in
            let first = try await simulation.client.enqueue(SendReceipt(order: 1, address: "a@example.com"))
            let second = try await simulation.client.enqueue(SendReceipt(order: 1, address: "a@example.com"))
            #expect(second.id == first.id && second.isDuplicate)
            try await simulation.runUntilIdle()
            #expect(await mailer.mails.count == 1)
        }
    }

    @Test func anAddressThatIsRefusedIsNotTriedAgain() async throws {
        let mailer = ScriptedMailer([.refused])
        try await QueueSimulation.run(url: redis, registry: ReceiptSender(mailer: mailer).registry) { simulation in
            try await simulation.client.enqueue(SendReceipt(order: 1, address: "nobody@example.com"))
            try await simulation.runUntilIdle()
            #expect(await simulation.runs.map(\.result) == [.buried(reason: "no such address")])
            #expect(try await simulation.dead().count == 1)
        }
    }

    @Test func aServerThatHangsIsLeftAfterThirtySeconds() async throws {
        try await QueueSimulation.run(
            url: redis,
            registry: { _, clock in ReceiptSender(mailer: HangingMailer(clock: clock)).registry },
            { simulation in
                try await simulation.client.enqueue(SendReceipt(order: 1, address: "a@example.com"))
                try await simulation.advance(byMilliseconds: 30_000)
                let run = try #require(await simulation.runs.first)
                #expect(run.endMilliseconds - run.startMilliseconds == 30_000)
                guard case .retried(let reason, _) = run.result else {
                    Issue.record("\(run.result)")
                    return
                }
                #expect(reason.contains("limit of 30.0 s"))
            })
    }

    /// The clocks go forward on the 29th of March 2026: seven in the morning is an hour earlier from then on.
    @Test func theDigestComesAtSevenAlsoInSummer() async throws {
        let mailer = ScriptedMailer([])
        try await QueueSimulation.run(
            url: redis, startMilliseconds: 1_774_569_600_000, registry: ReceiptSender(mailer: mailer).registry
        ) { simulation in
            try await simulation.add(try DailyDigest.schedule())
            try await simulation.advance(byMilliseconds: 4 * 86_400_000)
            let hours = await simulation.runs.map { $0.startMilliseconds / 3_600_000 % 24 }
            #expect(hours == [6, 6, 5, 5])
        }
    }

    @Test func receiptsOfTheFirstVersionAreStillSent() async throws {
        let mailer = ScriptedMailer([])
        try await QueueSimulation.run(url: redis, registry: ReceiptSender(mailer: mailer).registry) { simulation in
            let client = simulation.client
            let old = NewJob(
                id: client.makeID(), kind: "receipt.send",
                arguments: Array(#"{"order":7,"mail":"b@example.com"}"#.utf8),
                policy: SendReceipt.definition.retry, version: 1)
            try await client.enqueue([old], to: "mail")
            try await simulation.runUntilIdle()
            #expect(await mailer.mails.map(\.address) == ["b@example.com"])
        }
    }
}
