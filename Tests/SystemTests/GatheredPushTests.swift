import Basics
import Command
import TestKit
import Testing

extension SystemTests.Shared {
    /// Changes of a call's log are pushed together, and every event is accounted for.
    @Suite struct GatheredPushTests {
        private let product: Product

        init() throws { product = try currentProduct() }

        private func update(_ number: Int, of engagement: String, _ account: String) -> String {
            #"{"id":"\#(engagement)-\#(number)","type":"call_log.updated","domain_name":"\#(account)","call_sid":"CA\#(engagement)","#
                + #""engagement_id":"\#(engagement)","data":{"status":"in-progress","history":[{"n":\#(number)}]}}"#
        }

        @Test func changesOfOneCallAreOnePushThatNamesThem() async throws {
            let target = try FakeTarget(answers: [])
            let account = try await product.makeAccount(target)
            let engagement = Samples.name("e")
            var ids: Set<String> = []
            for number in 1...5 {
                ids.insert(try await product.client.acceptOne(update(number, of: engagement, account)))
            }
            #expect(ids.count == 1)
            let delivery = try await product.client.delivery(try #require(ids.first), toBe: "delivered")
            #expect(delivery["event_count"]?.integer == 5)
            #expect(delivery["events"]?.array?.compactMap(\.string) == (1...5).map { "\(engagement)-\($0)" })
            #expect(target.requests.count == 1)
            let body = try JSONParser.parse(try #require(target.requests.first).body).object
            #expect(body?["delivery_type"]?.string == "call_log")
            #expect(body?["history"]?.array?.first?.object?["n"]?.integer == 5)
        }

        @Test func aStatusTakesThePlaceOfTheWaitingPush() async throws {
            let target = try FakeTarget(answers: [])
            let account = try await product.makeAccount(target)
            let engagement = Samples.name("e")
            let waiting = try await product.client.acceptOne(update(1, of: engagement, account))
            let id = try await product.client.acceptOne(
                Samples.completed(engagement, of: account, id: "\(engagement)-end"))
            let delivery = try await product.client.delivery(id, toBe: "delivered")
            #expect(delivery["events"]?.array?.compactMap(\.string) == ["\(engagement)-1", "\(engagement)-end"])
            let ended = try await product.client.job(waiting)
            #expect(ended["state"]?.string == "cancelled")
            #expect(ended["note"]?.string == "superseded by \(id)" || ended["reason"]?.string == "superseded by \(id)")
            // Another call's push is not touched, nor is one that comes after.
            let later = try await product.client.acceptOne(update(2, of: engagement, account))
            #expect(try await product.client.delivery(later, toBe: "delivered")["events"]?.isNull == true)
            #expect(target.requests.count == 2)
        }

        @Test func whatATargetWasSentDoesNotComeBackToIt() async throws {
            let (twenty, hubspot) = (try FakeTarget(answers: []), try FakeTarget(answers: []))
            let account = Samples.name("account") + ".example"
            try await product.setAccount(
                account, ["twenty_webhook_url": twenty.url(), "hubspot_webhook_url": hubspot.url()])
            let engagement = Samples.name("e")
            let event = Samples.completed(engagement, of: account)
            for job in try await product.client.accept(event) {
                _ = try await product.client.delivery(job, toBe: "delivered")
            }
            // Twenty tells of its own write, and later of a change that somebody made there.
            let echo = event.replacing(#""domain_name""#, with: #""origin":"twenty","domain_name""#)
            for job in try await product.client.accept(echo) { try await product.client.job(job, toBe: "done") }
            #expect(twenty.requests.count == 1 && hubspot.requests.count == 2)
            let changed = echo.replacing("booked", with: "sold")
            for job in try await product.client.accept(changed) { try await product.client.job(job, toBe: "done") }
            #expect(twenty.requests.count == 2 && hubspot.requests.count == 3)
        }
    }
}
