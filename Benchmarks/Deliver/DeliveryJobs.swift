import Foundation
import Queue

/// Deliveries to endpoints as the API enqueues them, with bodies of a fixed size.
enum DeliveryJobs {
    static let queue: QueueName = "webhooks"
    static let kind = "endpoint.deliver"
    private static let stampDigits = 20
    /// What stands before the stamp in a body.
    static let stampMark = #""stamp":""#

    /// - Parameters:
    ///   - endpoint: whose lane it has, and where it goes.
    ///   - stamp: when it is asked for, `CLOCK_MONOTONIC` in ns; in the body.
    ///   - bodyBytes: of the body that is sent, in the format `record`.
    static func make(to endpoint: String, stamp: Int64 = 0, bodyBytes: Int = 600, policy: RetryPolicy) -> NewJob {
        let now = Int64(Date().timeIntervalSince1970 * 1_000)
        let id = JobID(nowMilliseconds: now)
        let event = "evt_\(id)"
        let digits = String(stamp)
        let mark = stampMark + String(repeating: "0", count: stampDigits - digits.utf8.count) + digits
        func record(_ filler: String) -> String { #"{"id":"rec_1",\#(mark)","filler":"\#(filler)"}"# }
        let frame = #"""
            {"id":"\#(event)","workspaceId":null,"webhookId":"\#(endpoint)","operation":"person.updated",\#
            "timestamp":"2026-01-01T00:00:00.000Z","record":\#(record("")),"previousRecord":null}
            """#
        let filler = String(repeating: "x", count: max(0, bodyBytes - frame.utf8.count))
        let arguments = #"""
            {"endpoint":"\#(endpoint)","message":"msg_\#(id)","type":"person.updated","event_id":"\#(event)",\#
            "at":"2026-01-01T00:00:00.000Z","event":{"type":"person.updated","domain_name":"bench.example",\#
            "data":{"record":\#(record(filler))}}}
            """#
        return NewJob(
            id: id, kind: kind, arguments: Array(arguments.utf8), policy: policy, lane: "endpoint:\(endpoint)")
    }

    static let standardPolicy = RetryPolicy(attempts: 3, delayMilliseconds: 5_000)

    /// Enqueues many, a thousand a trip.
    @concurrent static func enqueue(_ jobs: [NewJob], through client: QueueClient) async throws {
        for first in stride(from: 0, to: jobs.count, by: 1_000) {
            try await client.enqueue(Array(jobs[first..<min(first + 1_000, jobs.count)]), to: queue)
        }
    }
}
