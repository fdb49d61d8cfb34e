import Basics
import Command
import Curl
import TestKit
import Testing

extension SystemTests {
    /// No secret is in any line that a program writes, at the most talkative level and in the worst hour. Every other
    /// product of these tests is looked through the same way at its end, at `debug`.
    @Suite struct SecretTests {
        @Test func noProcessEverLogsASecret() async throws {
            let target = try FakeTarget(answers: [.status(500), .garbage, .hang, .reset])
            let environmentSecret = Samples.name("environment-secret")
            var options = ProductOptions(workers: 2)
            options.environment = [
                "LOG_LEVEL": "trace", "SALESFORCE_WEBHOOK_URL": target.url("/in-the-path-\(environmentSecret)"),
                "SALESFORCE_WEBHOOK_SECRET": environmentSecret,
            ]
            var product: Product?
            let complaints = try await Product.run(options) { running in
                product = running
                running.addSecret(environmentSecret)
                let account = try await running.makeAccount(target, secret: Samples.name("account-secret"))
                let payload = Samples.name("private-words")
                running.addSecret(payload)
                let jobs = try await running.client.accept(
                    """
                    {"type":"call.completed","domain_name":"\(account)","engagement_id":"e",
                    "data":{"status":"done","outcome":"booked","transcript":["\(payload)"]}}
                    """)
                #expect(jobs.count == 2)
                for token in ["wrong", running.tokens.reader, running.tokens.poster] {
                    _ = try await running.client.with(token: token).post("nonsense")
                }
                _ = try await running.client.send(
                    .post, "/rest/aventora/webhook", body: [],
                    headers: [(name: "X-Aventora-Webhook-Secret", value: "x" + running.tokens.receiver)])
                for job in jobs {
                    try await Waiting.until("job \(job) to end") {
                        ["done", "dead"].contains(try await running.client.job(job)["state"]?.string)
                    }
                }
                await running.redis.kill()
                let refused = try await running.client.get("/v1/queues")
                #expect(refused.status == 503)
                let waiting = try await running.client.accept(Samples.completed("e", of: account))
                try await running.redis.start()
                for process in running.processes { try await running.waitUntilReady(process) }
                let last = try await running.client.accept(Samples.completed("e", of: account))
                for job in waiting + last { try await running.client.job(job, toBe: "done") }
            }
            #expect(complaints.isEmpty, "\(complaints)")
            let finished = try #require(product)
            #expect(finished.processes.count == 4)
        }

        /// The look through the logs finds what it has to find.
        @Test func secretInALogIsReported() async throws {
            let options = ProductOptions(workers: 1, environment: ["WORKER_NAME": "not-so-secret-name"])
            let complaints = try await Product.run(options) { $0.addSecret("not-so-secret-name") }
            #expect(complaints.count == 1)
            #expect(complaints.first?.hasPrefix("worker-1 wrote secret ") == true)
            #expect(complaints.first?.contains("not-so-secret-name") == false)
        }
    }
}
