// Posts the sample as any caller would, one step after the other: the jobs of a step are done before the next step is
// posted, as in a real call, where minutes lie between. Otherwise two pushes could be built in the wrong order by two
// workers, and the older state would carry the newer `sent_at`.

import Foundation

/// Posts the sample call through the API and follows each delivery to its end.
package struct SamplePoster: Sendable {
    /// What the API says of a job.
    struct JobState: Decodable {
        let state: String
        let attempts: Int?
        let why: String?
        let lastError: String?

        private enum CodingKeys: String, CodingKey {
            case state, attempts, why
            case lastError = "last_error"
        }

        var isOver: Bool { ["done", "dead", "cancelled"].contains(state) }
    }

    private struct Receipt: Decodable {
        struct Event: Decodable { let jobs: [String] }

        let events: [Event]
    }

    private let transport: any SampleTransport
    private let token: String
    private let limit: Duration
    private let say: @Sendable (String) -> Void

    /// - Parameters:
    ///   - limit: for the whole call; [60 s].
    ///   - say: gets one line per delivery.
    package init(
        transport: any SampleTransport, token: String, limit: Duration = .seconds(60),
        say: @escaping @Sendable (String) -> Void
    ) {
        self.transport = transport
        self.token = token
        self.limit = limit
        self.say = say
    }

    /// Posts the call and waits until every job is done.
    ///
    /// - Parameter row: what the receiver's table says of an engagement: its status, or nil without a row.
    /// - Throws: `.sample`, saying what is missing, when something is not delivered within the limit.
    package func deliver(
        _ call: SampleCall, row: @Sendable (String) async throws -> String?
    ) async throws(CommandError) {
        let end = ContinuousClock.now + limit
        for step in call.steps { try await deliver(step, end: end) }
        var status: String?
        var failure: (any Error)?
        let isThere = await Poll.until(within: end - .now) {
            do {
                status = try await row(call.engagementID)
                failure = nil
            } catch {
                failure = error
            }
            return status == call.finalStatus
        }
        guard isThere else {
            let found = failure.map { "\($0)" } ?? status.map { "status \($0)" } ?? "no row"
            throw CommandError(.sample, "the receiver's row of \(call.engagementID): \(found)")
        }
        say("sample: receiver's row \(call.engagementID): status \(call.finalStatus)")
    }

    private func deliver(_ step: SampleCall.Step, end: ContinuousClock.Instant) async throws(CommandError) {
        let begin = ContinuousClock.now
        let receipt = try await post(step, end: end)
        var seen: Set<String> = []
        for (type, event) in zip(step.types, receipt.events) {
            if event.jobs.isEmpty { say("sample: \(type) -> no job") }
            for job in event.jobs where seen.insert(job).inserted {
                try await follow(job, type: type, begin: begin, end: end)
            }
        }
    }

    /// The events carry ids, so posting again after a lost answer enqueues nothing twice.
    private func post(_ step: SampleCall.Step, end: ContinuousClock.Instant) async throws(CommandError) -> Receipt {
        let name = step.types[0]
        var receipt: Receipt?
        var refusal: CommandError?
        var last = "no answer"
        _ = await Poll.until(within: end - .now) {
            do throws(CommandError) {
                let request = SampleRequest(method: "POST", path: "/v1/events", token: token, body: step.body)
                let response = try await transport.send(request)
                last = "status \(response.status): \(Self.text(response))"
                if response.status == 202 {
                    receipt = try Self.decode(Receipt.self, response)
                } else if response.status < 500, response.status != 429 {
                    refusal = CommandError(.sample, "\(name) was refused, \(last)")
                }
            } catch {
                if error.code == .sample { refusal = error } else { last = error.description }
            }
            return receipt != nil || refusal != nil
        }
        if let refusal { throw refusal }
        guard let receipt else { throw CommandError(.sample, "\(name) was not accepted in time, \(last)") }
        guard receipt.events.count == step.types.count else {
            throw CommandError(.sample, "\(name): \(step.types.count) events posted, \(receipt.events.count) answered")
        }
        return receipt
    }

    private func follow(
        _ job: String, type: String, begin: ContinuousClock.Instant, end: ContinuousClock.Instant
    ) async throws(CommandError) {
        var last: JobState?
        var lastProblem = "unknown"
        let isOver = await Poll.until(within: end - .now) {
            do throws(CommandError) {
                let request = SampleRequest(method: "GET", path: "/v1/jobs/\(job)", token: token)
                let response = try await transport.send(request)
                guard response.status == 200 else {
                    lastProblem = "status \(response.status)"
                    return false
                }
                last = try Self.decode(JobState.self, response)
            } catch {
                lastProblem = error.description
            }
            return last?.isOver ?? false
        }
        let state = last?.state ?? lastProblem
        let milliseconds = Int64((ContinuousClock.now - begin) / .milliseconds(1))
        let attempts = last?.attempts.map { $0 == 1 ? "1 attempt" : "\($0) attempts" } ?? "? attempts"
        say("sample: \(type) -> job \(job) \(state), \(attempts), \(milliseconds) ms")
        guard isOver, let last, last.state != "dead" else {
            let reason = last?.lastError ?? last?.why ?? "not over in time"
            throw CommandError(.sample, "\(type): job \(job) is \(state): \(reason)")
        }
    }

    private static func decode<Value: Decodable>(
        _ type: Value.Type, _ response: SampleResponse
    ) throws(CommandError) -> Value {
        do {
            return try JSONDecoder().decode(type, from: Data(response.body))
        } catch {
            throw CommandError(.sample, "the API answered unexpected JSON: \(text(response))", underlying: error)
        }
    }

    private static func text(_ response: SampleResponse) -> String {
        String(decoding: response.body.prefix(300), as: UTF8.self)
    }
}
