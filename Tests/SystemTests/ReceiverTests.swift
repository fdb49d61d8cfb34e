import Basics
import Curl
import Postgres
import TestKit
import Testing

extension SystemTests.Shared {
    /// `POST /rest/aventora/webhook`, as far as the table.
    @Suite struct ReceiverTests {
        private let product: Product

        init() throws { product = try currentProduct() }

        private static let row = PostgresStatement(
            "test_row", "SELECT to_jsonb(e) AS row FROM crm.aventora_engagement e WHERE engagement_id = $1")
        private static let ignored = PostgresStatement(
            "test_ignored", "SELECT reason, times FROM crm.ignored_push WHERE engagement_id = $1 ORDER BY sent_at")

        private func receive(_ push: String, secret: String? = nil) async throws -> ProductReply {
            try await product.client.with(token: nil).send(
                .post, "/rest/aventora/webhook", body: Array(push.utf8),
                headers: [(name: "X-Aventora-Webhook-Secret", value: secret ?? product.tokens.receiver)])
        }

        /// Sends a push and waits until it is worked off; what became of it.
        private func store(_ push: String) async throws -> String? {
            let reply = try await receive(push)
            #expect(reply.status == 202, "\(reply.text)")
            let id = try #require(reply.object["id"]?.string)
            return try await product.client.job(id, toBe: "done")["note"]?.string
        }

        private func row(_ engagement: String) async throws -> JSONObject? {
            let rows = try await product.database.query(Self.row, [.text(engagement)])
            return try rows.first.map { try JSONParser.parse($0.json("row")) }?.object
        }

        @Test func olderPushAfterANewerChangesNothing() async throws {
            let engagement = Samples.name("eng")
            let push = { (status: String, time: String) in
                """
                {"engagement_id":"\(engagement)","person_id":"p","workspace_id":"w","status":"\(status)",
                "history":[{"n":1}],"sent_at":"2026-01-31T12:00:\(time)Z"}
                """
            }
            #expect(try await store(push("newer", "10.000")) == "created")
            let first = try #require(try await row(engagement))
            #expect(try await store(push("older", "09.999")) == "older")
            #expect(try await store(push("as old", "10.000")) == "older")
            #expect(try await row(engagement) == first)
            #expect(first["status"]?.string == "newer")
            #expect(try await store(push("newest", "10.001")) == "updated")
            #expect(try await row(engagement)?["status"]?.string == "newest")
        }

        @Test func onlyPresentKeysChange() async throws {
            let engagement = Samples.name("eng")
            let created = try await store(
                """
                {"engagement_id":"\(engagement)","person_id":"p-1","domain_name":"a.example","status":"in_progress",
                "outcome":"none","summary":"first","started_at":"2026-01-31T12:00:00.250Z","history":[{"n":1}],
                "transcript":[{"t":"a"}],"channel":"phone","direction":"inbound","call_sid":"CA1",
                "sent_at":"2026-01-31T12:00:01.000Z"}
                """)
            #expect(created == "created")
            let updated = try await store(
                """
                {"engagement_id":"\(engagement)","status":"completed","outcome":null,"history":[{"n":1},{"n":2}],
                "person_id":null,"sent_at":"2026-01-31T12:00:02.000Z"}
                """)
            #expect(updated == "updated")
            let row = try #require(try await row(engagement))
            #expect(row["status"]?.string == "completed")
            #expect(row["outcome"] == .null)
            #expect(row["history"]?.array?.count == 2)
            #expect(row["person_id"]?.string == "p-1")
            #expect(row["domain_name"]?.string == "a.example")
            #expect(row["summary"]?.string == "first")
            #expect(row["transcript"]?.array?.count == 1)
            #expect(row["channel"]?.string == "phone")
            #expect(row["call_sid"]?.string == "CA1")
            #expect(Timestamp(iso8601: row["started_at"]?.string ?? "")?.iso8601 == "2026-01-31T12:00:00.250Z")
            #expect(Timestamp(iso8601: row["sent_at"]?.string ?? "")?.iso8601 == "2026-01-31T12:00:02.000Z")
        }

        /// Members of a push of an unknown engagement, and why it cannot be created.
        @Test(arguments: [
            (#""workspace_id":"w""#, "person_id"), (#""person_id":"p""#, "workspace_id"),
            (#""person_id":null,"domain_name":"d""#, "person_id"),
        ])
        func unknownEngagementWithoutAPersonOrAWorkspaceIsRecordedAsIgnored(
            members: String, missing: String
        ) async throws {
            let engagement = Samples.name("eng")
            let push = """
                {"engagement_id":"\(engagement)",\(members),"status":"completed","sent_at":"2026-01-31T12:00:01.000Z"}
                """
            for _ in 0..<2 {
                let note = try #require(try await store(push))
                #expect(note.contains("ignored") && note.contains(missing))
            }
            #expect(try await row(engagement) == nil)
            let rows = try await product.database.query(Self.ignored, [.text(engagement)])
            #expect(try rows.map { try $0.string("reason").contains(missing) } == [true])
            #expect(try rows.map { try $0.integer("times") } == [2])
        }

        @Test(arguments: [#""workspace_id":"w""#, #""domain_name":"d""#])
        func unknownEngagementWithAPersonAndAPlaceIsCreated(member: String) async throws {
            let engagement = Samples.name("eng")
            let note = try await store(
                #"{"engagement_id":"\#(engagement)","person_id":"p",\#(member),"sent_at":"2026-01-31T12:00:01Z"}"#)
            #expect(note == "created")
            #expect(try await row(engagement)?["person_id"]?.string == "p")
        }

        @Test func wrongSecretIs401AndStoresNothing() async throws {
            let engagement = Samples.name("eng")
            let push = """
                {"engagement_id":"\(engagement)","person_id":"p","workspace_id":"w","sent_at":"2026-01-31T12:00:00Z"}
                """
            let wrong = ["wrong", product.tokens.receiver + "x", String(product.tokens.receiver.dropLast())]
            for secret in wrong {
                let reply = try await receive(push, secret: secret)
                #expect(reply.status == 401)
                #expect(reply.header("Content-Type") == "application/problem+json")
                #expect(!reply.text.contains(product.tokens.receiver))
            }
            let none = try await product.client.with(token: nil)
                .send(.post, "/rest/aventora/webhook", body: Array(push.utf8))
            #expect(none.status == 401)
            #expect(try await row(engagement) == nil)
        }

        @Test func pushWithAWrongSecretToTheReceiverIsBuried() async throws {
            let account = Samples.name("account") + ".example"
            try await product.setAccount(
                account,
                [
                    "twenty_webhook_url": product.client.url + "/rest/aventora/webhook",
                    "twenty_webhook_secret": Samples.name("wrong"),
                ])
            let id = try await product.client.acceptOne(Samples.completed("e", of: account))
            let job = try await product.client.job(id, toBe: "dead")
            #expect(job["reason"]?.string?.hasPrefix("HTTP 401") == true)
            #expect(job["attempts"]?.integer == 1)
        }

        @Test func eventGoesAllTheWayIntoTheTable() async throws {
            let account = Samples.name("account") + ".example"
            try await product.setAccount(
                account,
                [
                    "twenty_webhook_url": product.client.url + "/rest/aventora/webhook",
                    "twenty_webhook_secret": product.tokens.receiver,
                ])
            let engagement = Samples.name("eng")
            let id = try await product.client.acceptOne(
                """
                {"type":"call.completed","domain_name":"\(account)","engagement_id":"\(engagement)","person_id":"p-9",
                "data":{"status":"completed","summary":"Zoë 😅","transcript":[{"text":"健太"}]}}
                """)
            try await product.client.job(id, toBe: "done")
            let row: JSONObject = try await Waiting.value("the row of \(engagement)") { try await self.row(engagement) }
            #expect(row["status"]?.string == "completed")
            #expect(row["summary"]?.string == "Zoë 😅")
            #expect(row["transcript"]?.array == [.object(["text": .string("健太")])])
            #expect(row["event_type"]?.string == "call.completed")
            #expect(row["delivery_type"]?.string == "status")
        }
    }
}
