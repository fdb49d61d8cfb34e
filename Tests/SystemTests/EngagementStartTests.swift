import Basics
import Curl
import Postgres
import TestKit
import Testing

extension SystemTests {
    /// Engagements that a CRM asks for, from the wish to the end.
    @Suite struct EngagementStartTests {
        @Test func aPersonIsEngagedAndFreedByTheEnd() async throws {
            try await withHub { product, hub in
                let answer = try await product.startEngagement("p-1", #""instruction":"Say hello""#)
                let id = try #require(answer["id"]?.string)
                #expect(answer["status"]?.string == "accepted" && answer["engagementId"]?.isNull == true)
                #expect(answer["durability"]?.string == "outbox" && answer["duplicate"] == .bool(false))
                let job = try #require(answer["jobId"]?.string)
                // From this moment on the person is taken, whatever the Hub has done by then.
                let second = try await product.startStatus("p-1")
                #expect(second.status == 409, "\(second.text)")
                #expect(
                    second.object["detail"]?.string?.hasPrefix("the person already has an active engagement") == true)
                try await product.client.job(job, toBe: "done")
                let started = try await product.engagement(id, toBe: "accepted")
                let engagement = try #require(hub.engagements.first)
                #expect(hub.engagements.count == 1 && hub.startRequests.count == 1)
                #expect(started["engagement_id"]?.string == engagement.id && started["state"]?.string == "started")
                #expect(engagement.key == id && engagement.authorization == "Bearer key-of-all-accounts")
                #expect(
                    engagement.body == [
                        "phone_number": .string("+14165550100"), "domain_name": .string("usual.example"),
                        "source_record_id": .string("p-1"), "source_org_id": .string("w-1"),
                        "source_system": .string("twenty"), "source_object": .string("person"),
                        "channel": .string("phone"), "type": .string("conversational"),
                        "instruction": .string("Say hello"),
                    ])
                let rows = try await product.database.query(
                    PostgresStatement(
                        "row",
                        """
                        SELECT person_id, workspace_id, status, direction, contact_identifier, channel
                        FROM crm.aventora_engagement WHERE engagement_id = $1
                        """), [.text(engagement.id)])
                #expect(try rows[0].string("person_id") == "p-1" && rows[0].string("workspace_id") == "w-1")
                #expect(try rows[0].string("status") == "accepted" && rows[0].string("direction") == "outbound")
                try await product.report(engagement.id, #""status":"in_progress""#)
                try await product.engagement(id, toBe: "in_progress")
                #expect(try await product.startStatus("p-1").status == 409)
                try await product.report(engagement.id, #""status":"completed","outcome":"booked""#)
                let over = try await product.engagement(id, toBe: "completed")
                #expect(over["state"]?.string == "over" && over["outcome"]?.string == "booked")
                let next = try await product.startEngagement("p-1", #""channel":"email""#)
                try await product.client.job(try #require(next["jobId"]?.string), toBe: "done")
                #expect(hub.engagements.last?.body["email"]?.string == "ann@example.com")
                #expect(hub.engagements.last?.body["phone_number"] == nil)
            }
        }

        @Test func whatCannotBeIsRefused() async throws {
            try await withHub(["AVENTORA_ASSIGNED_DOMAIN": ""]) { (product, hub) async throws in
                let start = "/rest/aventora/start-engagement"
                func status(_ body: String, _ path: String = start, token: String? = nil) async throws -> ProductReply {
                    let client = token.map { product.client.with(token: $0) } ?? product.client
                    return try await client.send(.post, path, body: Array(body.utf8))
                }
                func problem(_ body: String, _ path: String = start) async throws -> String {
                    let reply = try await status(body, path)
                    let pointer = reply.object["errors"]?.array?.first?.object?["pointer"]?.string ?? "-"
                    return "\(reply.status) \(pointer)"
                }
                let domain = #""domainName":"d.example""#
                #expect(try await problem("{") == "400 ")
                #expect(try await problem("{}") == "422 /personId")
                #expect(try await problem(#"{"personId":"p","phones":["+14165550100"]}"#) == "403 -")
                #expect(try await problem(#"{"personId":"p",\#(domain)}"#) == "422 -")
                #expect(
                    try await problem(#"{"personId":"p",\#(domain),"emails":["a@b.example"],"channel":"sms"}"#)
                        == "422 /channel")
                #expect(
                    try await problem(
                        #"{"personId":"p",\#(domain),"phones":["+14165550100"],"contactIdentifier":"+19995550100"}"#)
                        == "422 /contactIdentifier")
                #expect(
                    try await problem(#"{"personId":"p",\#(domain),"phone":"+14165550100","doNotContact":true}"#)
                        == "422 -")
                #expect(
                    try await problem(
                        #"{"personId":"p",\#(domain),"phone":"+14165550100","cockpitActionType":"ESCALATE_TO_SALES"}"#)
                        == "422 /cockpitActionType")
                #expect(try await problem(#"{"personId":"p",\#(domain),"type":"ESCALATE"}"#) == "422 /type")
                let good = #"{"personId":"p",\#(domain),"phone":"+14165550100"}"#
                #expect(try await status(good, token: product.tokens.reader).status == 403)
                #expect(try await status(good, token: "no such token").status == 401)
                #expect(try await product.client.send(.get, start).status == 405)
                for body in ["{}", #"{"id":"a","bulkId":"b"}"#] {
                    #expect(try await problem(body, "/rest/aventora/cancel-engagement") == "422 ")
                }
                #expect(try await product.cancelEngagement(#"{"personId":"p",\#(domain)}"#).status == 404)
                #expect(try await product.cancelEngagement(#"{"engagementId":"eng_x"}"#).status == 404)
                #expect(try await problem(#"{"people":[]}"#, "/rest/aventora/bulk-engagement") == "422 /people")
                #expect(try await product.client.get("/v1/engagements/es_1").status == 404)
                #expect(try await product.client.get("/v1/engagements/bulk/eb_1").status == 404)
                #expect(hub.target.requests.isEmpty)
            }
        }

        @Test func withoutAHubNobodyIsEngaged() async throws {
            try await withProduct { product in
                let reply = try await product.startStatus("p-1")
                #expect(
                    reply.status == 403 && reply.text.contains("Aventora base URL is not configured"), "\(reply.text)")
                let job = try await product.runJob("engagement.reconcile", "{}")
                #expect(job["state"]?.string != "dead")
            }
        }

        @Test func theSameRequestAgainIsTheSameStart() async throws {
            try await withHub { product, hub in
                let headers = [(name: "Idempotency-Key", value: "again")]
                let first = try await product.startEngagement("p-1", headers: headers)
                let again = try await product.startEngagement("p-1", headers: headers)
                #expect(again["id"] == first["id"] && again["duplicate"] == .bool(true))
                let other = try await product.client.send(
                    .post, "/rest/aventora/start-engagement", body: Array(Product.someone("p-2").utf8), headers: headers
                )
                #expect(other.status == 409)
                try await product.client.job(try #require(first["jobId"]?.string), toBe: "done")
                #expect(hub.engagements.count == 1)
            }
        }

        /// Whatever is lost on the way, the person is called once.
        @Test(arguments: [
            TargetAnswer.status(503), .reset, .garbage, .status(429, (name: "Retry-After", value: "1")),
        ])
        func aRetriedStartStartsOneEngagement(fault: TargetAnswer) async throws {
            try await withHub { product, hub in
                hub.fail("/integration/start", with: [fault])
                let answer = try await product.startEngagement("p-1")
                let job = try await product.client.job(
                    try #require(answer["jobId"]?.string), toBe: "done", within: .seconds(40))
                #expect(hub.startRequests.count == 2 && hub.engagements.count == 1)
                #expect(Set(hub.startRequests.map { $0.header("Idempotency-Key") }).count == 1)
                #expect(job["note"]?.string == "started as \(hub.engagements[0].id)")
            }
        }

        @Test func aStartThatFailsForGoodFreesItsPerson() async throws {
            try await withHub { product, hub in
                hub.fail("/integration/start", with: [.status(400)])
                let answer = try await product.startEngagement("p-1")
                let job = try #require(answer["jobId"]?.string)
                let id = try #require(answer["id"]?.string)
                try await product.client.job(job, toBe: "dead")
                let failed = try await product.engagement(id, toBe: "failed")
                #expect(failed["error"]?.string?.hasPrefix("hub refused: status 400") == true)
                // The person is free; a retry of the dead job finds it taken and gives up.
                let next = try await product.startEngagement("p-1")
                try await product.client.job(try #require(next["jobId"]?.string), toBe: "done")
                #expect(try await product.client.retryDead([job]) == 1)
                try await Waiting.until("the job to be dead once more") {
                    let shown = try await product.client.job(job)
                    return shown["state"]?.string == "dead"
                        && shown["last_error"]?.string == "its person has another engagement by now"
                }
                #expect(hub.engagements.count == 1)
                // Once it is free again the same retry starts it.
                try await product.report(hub.engagements[0].id, #""status":"completed""#)
                #expect(try await product.client.retryDead([job]) == 1)
                try await product.client.job(job, toBe: "done")
                #expect(hub.engagements.count == 2 && hub.engagements[1].key == id)
            }
        }

        @Test func aWorkerThatIsKilledDuringTheCallStartsItOnce() async throws {
            try await withHub(workers: 1) { product, hub in
                hub.fail("/integration/start", with: [.held(status: 200)])
                let answer = try await product.startEngagement("p-1")
                _ = try await hub.target.requests(1)
                await product.workers[0].kill()
                _ = try await product.startWorker()
                let job = try #require(answer["jobId"]?.string)
                try await product.client.job(job, toBe: "done", within: .seconds(60))
                #expect(hub.startRequests.count == 2 && hub.engagements.count == 1)
                #expect(try await product.startStatus("p-1").status == 409)
            }
        }

        @Test func aJobThatIsCancelledFreesItsPerson() async throws {
            try await withHub { product, hub in
                hub.always("/integration/start", .status(503))
                let answer = try await product.startEngagement("p-1")
                let job = try #require(answer["jobId"]?.string)
                try await product.client.job(job, toBe: "due")
                #expect(try await product.client.send(.delete, "/v1/jobs/\(job)").status == 200)
                // As if it had happened a while ago.
                _ = try await product.database.query(
                    PostgresStatement(
                        "age", "UPDATE crm.engagement_start SET created_at = created_at - interval '2 minutes'"))
                try await product.runJob("engagement.reconcile", "{}")
                let failed = try await product.engagement(
                    try #require(answer["id"]?.string), toBe: "failed", within: .seconds(90))
                #expect(failed["error"]?.string?.hasPrefix("its job has ended") == true)
                #expect(try await product.startStatus("p-1").status == 202)
            }
        }

        @Test func aWorkspaceHasItsOwnAccountAndKey() async throws {
            try await withHub { product, hub in
                product.addSecret("key-of-this-workspace")
                let path = "/v1/engagements/settings/w-1"
                let settings = """
                    {"domain_name":"own.example","api_key":"key-of-this-workspace","channel":"sms","type":"informational",
                    "instruction":"Be brief","actions":{"CALL_LEAD":{"channel":"phone","type":"confirmational"}}}
                    """
                let saved = try await product.ask(.put, path, settings)
                #expect(saved["has_api_key"] == .bool(true) && saved["api_key"] == nil)
                #expect(try await product.ask(.get, path) == saved)
                let first = try await product.startEngagement("p-1")
                try await product.client.job(try #require(first["jobId"]?.string), toBe: "done")
                let second = try await product.startEngagement("p-2", #""cockpitActionType":"CALL_LEAD""#)
                try await product.client.job(try #require(second["jobId"]?.string), toBe: "done")
                let engagements = hub.engagements
                #expect(engagements.allSatisfy { $0.authorization == "Bearer key-of-this-workspace" })
                #expect(engagements.map { $0.body["domain_name"]?.string } == ["own.example", "own.example"])
                #expect(engagements.map { $0.body["channel"]?.string } == ["sms", "phone"])
                #expect(engagements.map { $0.body["type"]?.string } == ["informational", "confirmational"])
                #expect(engagements.allSatisfy { $0.body["instruction"]?.string == "Be brief" })
                #expect(try await product.startStatus("p-3", #""domainName":"other.example""#).status == 422)
                _ = try await product.ask(.put, path, #"{"domain_name":"own.example","enabled":false}"#)
                #expect(try await product.startStatus("p-3").status == 403)
                let reader = product.client.with(token: product.tokens.reader)
                #expect(try await reader.send(.put, path, body: Array(settings.utf8)).status == 403)
                #expect(try await product.client.send(.delete, path).status == 204)
                #expect(try await product.client.get(path).status == 404)
            }
        }
    }
}
