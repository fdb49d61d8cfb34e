import Basics
import Curl
import Postgres
import TestKit
import Testing

extension SystemTests {
    /// Cancelling engagements, and asking the Hub about them.
    @Suite struct EngagementEndTests {
        private func started(_ person: String, _ product: Product) async throws -> (id: String, engagement: String) {
            let answer = try await product.startEngagement(person)
            let id = try #require(answer["id"]?.string)
            try await product.client.job(try #require(answer["jobId"]?.string), toBe: "done")
            let start = try await product.ask(.get, "/v1/engagements/\(id)")
            return (id, try #require(start["engagement_id"]?.string))
        }

        @Test func anEngagementIsCancelledAtTheHub() async throws {
            try await withHub { product, hub in
                let (id, engagement) = try await started("p-1", product)
                let reply = try await product.cancelEngagement(#"{"personId":"p-1","workspaceId":"w-1"}"#)
                #expect(reply.status == 202 && reply.object["status"]?.string == "cancelling", "\(reply.text)")
                #expect(reply.object["engagementId"]?.string == engagement)
                let job = try #require(reply.object["jobId"]?.string)
                // The same wish again is the same job.
                let again = try await product.cancelEngagement(#"{"engagementId":"\#(engagement)"}"#)
                #expect(again.status == 409 || again.object["jobId"]?.string == job)
                try await product.client.job(job, toBe: "done")
                try await product.engagement(id, toBe: "cancelled")
                #expect(hub.engagements[0].status == "cancelled")
                #expect(try await product.cancelEngagement(#"{"id":"\#(id)"}"#).status == 409)
                #expect(try await product.startStatus("p-1").status == 202)
            }
        }

        @Test func aStartThatWaitsIsCancelledAtOnce() async throws {
            try await withHub { product, hub in
                hub.always("/integration/start", .status(503))
                let answer = try await product.startEngagement("p-1")
                let (id, job) = (try #require(answer["id"]?.string), try #require(answer["jobId"]?.string))
                try await product.client.job(job, toBe: "due")
                let reply = try await product.cancelEngagement(#"{"id":"\#(id)"}"#)
                #expect(reply.status == 202 && reply.object["status"]?.string == "cancelled", "\(reply.text)")
                hub.always("/integration/start", nil)
                #expect(try await product.startStatus("p-1").status == 202)
                try await product.client.job(job, toBe: "done", within: .seconds(40))
                try await Waiting.until("the second start to reach the Hub") { hub.engagements.count == 1 }
                #expect(hub.engagements.allSatisfy { $0.key != id })
            }
        }

        @Test func aStartThatIsOnItsWayIsCancelledOnceItHasArrived() async throws {
            try await withHub { product, hub in
                hub.fail("/integration/start", with: [.held(status: 200)])
                let answer = try await product.startEngagement("p-1")
                let (id, job) = (try #require(answer["id"]?.string), try #require(answer["jobId"]?.string))
                _ = try await hub.target.requests(1)
                let reply = try await product.cancelEngagement(#"{"personId":"p-1","workspaceId":"w-1"}"#)
                #expect(reply.status == 202 && reply.object["status"]?.string == "cancelling", "\(reply.text)")
                #expect(reply.object["jobId"]?.isNull == true)
                hub.target.release()
                // The held answer says nothing of an engagement, so the attempt failed: it is not tried again.
                try await product.client.job(job, toBe: "done", within: .seconds(40))
                try await product.engagement(id, toBe: "cancelled")
                #expect(hub.startRequests.count == 1)
            }
        }

        @Test func aStartThatArrivedAfterItsCancelIsEndedAtTheHub() async throws {
            try await withHub { product, hub in
                hub.fail("/integration/start", with: [.status(503)])
                let answer = try await product.startEngagement("p-1")
                let (id, job) = (try #require(answer["id"]?.string), try #require(answer["jobId"]?.string))
                try await product.client.job(job, toBe: "due")
                // Somebody asks while the second attempt is at the Hub: the row says so, the worker cannot know.
                _ = try await product.database.query(
                    PostgresStatement(
                        "ask",
                        """
                        CREATE FUNCTION crm.ask() RETURNS trigger LANGUAGE plpgsql AS $$
                        BEGIN NEW.cancel_asked_at := clock_timestamp(); RETURN NEW; END $$
                        """))
                _ = try await product.database.query(
                    PostgresStatement(
                        "trigger",
                        """
                        CREATE TRIGGER ask BEFORE UPDATE OF calling_until ON crm.engagement_start FOR EACH ROW
                        WHEN (NEW.calling_until IS NOT NULL) EXECUTE FUNCTION crm.ask()
                        """))
                try await product.client.job(job, toBe: "done", within: .seconds(40))
                try await product.engagement(id, toBe: "cancelled")
                #expect(hub.engagements.count == 1 && hub.engagements[0].status == "cancelled")
            }
        }

        @Test func aCancelThatTheHubRefusesMayBeAskedForAgain() async throws {
            try await withHub { product, hub in
                let (id, engagement) = try await started("p-1", product)
                let cancel = "/integration/engagement/\(engagement)/cancel"
                hub.fail(cancel, with: [.status(409)])
                let first = try await product.cancelEngagement(#"{"id":"\#(id)"}"#)
                try await product.client.job(try #require(first.object["jobId"]?.string), toBe: "dead")
                let running = try await product.engagement(id, toBe: "in_progress")
                #expect(running["error"]?.string?.contains("409") == true)
                // It was over by itself: the answer to the question says so.
                hub.fail(cancel, with: [.status(409)])
                hub.set(engagement, status: "completed")
                let second = try await product.cancelEngagement(#"{"id":"\#(id)"}"#)
                try await product.client.job(try #require(second.object["jobId"]?.string), toBe: "done")
                let over = try await product.engagement(id, toBe: "completed")
                #expect(over["outcome"]?.string == "from the poll")
            }
        }

        @Test func theHubIsAskedAboutWhatIsNotOver() async throws {
            try await withHub { product, hub in
                let (lost, lostEngagement) = try await started("p-1", product)
                let (ended, endedEngagement) = try await started("p-2", product)
                let (going, goingEngagement) = try await started("p-3", product)
                // A call that came in, of which the Hub has no engagement yet.
                try await product.report(
                    "CA-1", #""person_id":"p-4","workspace_id":"w-1","status":"in_progress""#)
                hub.forget(lostEngagement)
                hub.set(endedEngagement, status: "completed")
                hub.set(goingEngagement, status: "ringing")
                try await product.runJob("engagement.reconcile", #"{"quiet_seconds":0}"#)
                let broken = try await product.engagement(lost, toBe: "Broken")
                #expect(broken["state"]?.string == "over")
                let completed = try await product.engagement(ended, toBe: "completed")
                #expect(completed["state"]?.string == "over" && completed["outcome"]?.string == "from the poll")
                try await product.engagement(going, toBe: "ringing")
                #expect(try await product.startStatus("p-1").status == 202)
                #expect(try await product.startStatus("p-2").status == 202)
                #expect(try await product.startStatus("p-3").status == 409)
                #expect(try await product.startStatus("p-4").status == 409)
                // What is pushed later wins over the poll.
                try await product.report(goingEngagement, #""status":"in_progress","outcome":null"#)
                try await product.engagement(going, toBe: "in_progress")
                let rows = try await product.database.query(
                    PostgresStatement(
                        "polled",
                        "SELECT status, outcome, history FROM crm.aventora_engagement WHERE engagement_id = $1"),
                    [.text(goingEngagement)])
                #expect(try rows[0].isNull("outcome"))
                #expect(try String(decoding: rows[0].json("history"), as: UTF8.self).contains("asked"))
                let call = try await product.database.query(
                    PostgresStatement(
                        "call", "SELECT status FROM crm.aventora_engagement WHERE engagement_id = 'CA-1'"))
                #expect(try call[0].string("status") == "in_progress")
            }
        }

        @Test func aHubThatIsAwayForAWhileChangesNothing() async throws {
            try await withHub { product, hub in
                let (id, engagement) = try await started("p-1", product)
                hub.always("/integration/engagement", .status(503))
                let reply = try await product.client.send(
                    .post, "/v1/jobs",
                    body: Array(
                        #"{"kind":"engagement.reconcile","args":{"quiet_seconds":0},"attempts":9,"retry_delay_seconds":1}"#
                            .utf8))
                let job = try #require(reply.object["id"]?.string)
                try await Waiting.until("the Hub to be asked") {
                    hub.target.requests.contains { $0.path.hasSuffix(engagement) }
                }
                #expect(try await product.ask(.get, "/v1/engagements/\(id)")["status"]?.string == "accepted")
                hub.always("/integration/engagement", nil)
                hub.set(engagement, status: "completed")
                try await product.engagement(id, toBe: "completed")
                _ = job
            }
        }
    }
}
