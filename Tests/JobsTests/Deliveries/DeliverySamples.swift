import Curl
import Queue
import Synchronization
import TestKit

@testable import Jobs

/// Rows of the attempt log that tests write.
enum DeliverySamples {
    static let now: Int64 = 1_800_000_000_000
    static let day: Int64 = 86_400_000

    private static let lastID = Atomic(0)

    /// An id of a moment. Those that a process makes never go back in time.
    static func id(_ milliseconds: Int64 = now) -> JobID {
        func text(_ number: UInt64, digits: Int) -> String {
            let alphabet = Array("0123456789abcdefghjkmnpqrstvwxyz")
            return String((0..<digits).reversed().map { alphabet[Int(number >> UInt64($0 * 5) & 31)] })
        }
        let count = UInt64(lastID.add(1, ordering: .relaxed).newValue)
        guard let id = JobID(text(UInt64(milliseconds), digits: 9) + text(count, digits: 11)) else {
            preconditionFailure("not an id")
        }
        return id
    }

    /// An attempt at a delivery that was asked for at a time.
    static func attempt(
        _ id: JobID = id(), fence: Int64 = now, attempt: Int = 1,
        outcome: DeliveryAttempt.Outcome = .delivered, status: Int = 200, body: [UInt8] = Array("ok".utf8),
        target: String = "twenty", domainName: String = "acme.example"
    ) -> DeliveryAttempt {
        var delivery = Delivery(jobID: id, target: target, webhookID: "msg_\(id)")
        delivery.domainName = domainName
        delivery.eventType = "call.completed"
        delivery.engagementID = "e-\(id)"
        delivery.callSID = "CA-\(id)"
        var row = DeliveryAttempt(
            delivery, fence: fence, attempt: attempt, outcome: outcome, startedAtMilliseconds: fence + 1)
        row.exchange = exchange(status: status, body: body)
        if outcome != .delivered { row.error = "HTTP \(status)" }
        return row
    }

    static func exchange(status: Int, body: [UInt8]) -> HTTPExchange {
        var exchange = HTTPExchange(CurlRequest(method: .post, url: "http://127.0.0.1:1/hook"), secrets: [])
        exchange.status = status
        exchange.responseHead = "HTTP/1.1 \(status)"
        exchange.responseBody = body
        return exchange
    }
}
