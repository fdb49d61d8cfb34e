import Queue
import Testing

@testable import Jobs

struct DeliveryAttemptTests {
    @Test(arguments: [
        (DeliveryAttempt.Outcome.delivered, 1, 1 as Int?, 1, DeliveryState.delivered), (.retry, 2, 2, 2, .retrying),
        (.failed, 3, 3, 3, .failed), (.deferred, 1, nil, 0, .pending), (.deferred, 2, nil, 1, .retrying),
    ])
    func outcomeSaysHowTheDeliveryStands(
        outcome: DeliveryAttempt.Outcome, attempt: Int, number: Int?, spent: Int, state: DeliveryState
    ) {
        let row = DeliverySamples.attempt(attempt: attempt, outcome: outcome)
        #expect(row.number == number && row.spent == spent && row.state == state)
    }

    @Test(
        arguments: [
            ([], nil), (Array("text".utf8), []), ([0, 0xFF, 10, 0xC3], [10, 10, 0, 0xFE]),
            ([UInt8](repeating: 7, count: 8_192), [UInt8](repeating: 10, count: 100_000)),
        ] as [([UInt8], [UInt8]?)])
    func entriesAreReadAsTheyWereWritten(body: [UInt8], payload: [UInt8]?) throws {
        var row = DeliverySamples.attempt(body: body)
        row.payload = payload
        row.worker = "w\u{0}\n\"ü"
        row.exchange?.times.tls = 123_456
        let entry = try row.entry()
        #expect(entry.name == "\(row.delivery.id) \(row.fence)")
        #expect(DeliveryAttempt(entry) == row)
        #expect(entry.bytes.count < 1_500 + body.count + (payload?.count ?? 0))
    }

    @Test func rowsWithoutARequestAreEntriesToo() throws {
        var row = DeliverySamples.attempt(outcome: .failed)
        row.exchange = nil
        #expect(DeliveryAttempt(try row.entry()) == row)
    }

    @Test func whatIsNoEntryIsNotRead() throws {
        let good = try DeliverySamples.attempt().entry().bytes
        let bad: [[UInt8]] = [
            [], Array("x".utf8), Array("1 2\n".utf8), Array("-1 0 0\n".utf8), Array("9223372036854775807 1 1\n{}".utf8),
            Array("2 0 -\n{}".utf8), good.dropLast(), good + [1], Array(good.dropFirst()),
        ]
        for bytes in bad { #expect(DeliveryAttempt(LogEntry(name: "x", bytes: bytes)) == nil) }
    }
}
