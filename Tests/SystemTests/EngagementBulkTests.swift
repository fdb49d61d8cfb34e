import Basics
import Curl
import Postgres
import TestKit
import Testing

extension SystemTests {
    /// Many people with one wish, and rules that answer signals.
    @Suite struct EngagementBulkTests {
        private func people(_ range: Range<Int>, _ members: String = "") -> String {
            let more = members.isEmpty ? "" : "," + members
            return range.map { #"{"personId":"p-\#($0)","phones":["+141655501\#(10 + $0 % 90)"]\#(more)}"# }
                .joined(separator: ",")
        }

        private func begin(_ people: String, _ members: String, _ product: Product) async throws -> String {
            let body = #"{"workspaceId":"w-1","people":[\#(people)],\#(members)}"#
            let answer = try await product.ask(.post, "/rest/aventora/bulk-engagement", body, status: 202)
            #expect(answer["status"]?.string == "running" && answer["jobId"]?.string != nil)
            return try #require(answer["id"]?.string)
        }

        @Test func everybodyIsEngagedOnceAndTheRestIsCounted() async throws {
            try await withHub { product, hub in
                let taken = try await product.startEngagement("taken")
                try await product.client.job(try #require(taken["jobId"]?.string), toBe: "done")
                let list = [
                    people(0..<8), people(20..<22, #""doNotContact":true"#), people(0..<1),
                    #"{"personId":"taken","phones":["+14165550100"]}"#, #"{"personId":"nobody"}"#, #""nothing""#,
                    #"{"personId":"mail","emails":["a@b.example"]}"#,
                ].joined(separator: ",")
                let id = try await begin(list, #""cockpitActionType":"CHECK_INTEREST","pacePerMinute":600"#, product)
                let done = try await product.bulk(id, toBe: "done with all started") {
                    $0["state"]?.string == "done" && $0["engagements"]?.object?["started"]?.integer == 8
                }
                #expect(done["total"]?.integer == 14 && done["engaged"]?.integer == 8 && done["waiting"]?.integer == 0)
                let reasons = done["skipped_by_reason"]?.object
                #expect(reasons?["do_not_contact"]?.integer == 2 && reasons?["active"]?.integer == 1)
                #expect(reasons?["no_contact"]?.integer == 2 && reasons?["no_contact_for_channel"]?.integer == 1)
                let engaged = hub.engagements.dropFirst().map { $0.body["source_record_id"]?.string ?? "" }
                #expect(Set(engaged) == Set((0..<8).map { "p-\($0)" }) && engaged.count == 8)
                #expect(hub.engagements.dropFirst().allSatisfy { $0.body["channel"]?.string == "sms" })
            }
        }

        @Test func aBulkKeepsItsPaceAndCanBeEnded() async throws {
            try await withHub { product, hub in
                let id = try await begin(people(0..<60), #""channel":"sms","pacePerMinute":120"#, product)
                let clock = ContinuousClock()
                try await Waiting.until("the first to be engaged") { !hub.engagements.isEmpty }
                let startedAt = clock.now
                try await Waiting.until("ten to be engaged", within: .seconds(30)) { hub.engagements.count >= 10 }
                // Two a second; the first two come together.
                let seconds = (clock.now - startedAt) / .seconds(1)
                #expect(seconds > 2.5, "ten people in \(seconds) s")
                let reply = try await product.client.send(.delete, "/v1/engagements/bulk/\(id)")
                #expect(reply.status == 200 && reply.object["state"]?.string == "cancelled", "\(reply.text)")
                let ended = try await product.bulk(id, toBe: "started as far as it came") {
                    $0["engagements"]?.object?["accepted"]?.integer == 0
                }
                let engaged = try #require(ended["engaged"]?.integer)
                #expect(engaged < 60 && ended["waiting"]?.integer == 60 - engaged)
                #expect(hub.engagements.count == Int(engaged))
                let again = try await product.cancelEngagement(#"{"bulkId":"\#(id)"}"#)
                #expect(again.status == 202)
            }
        }

        @Test func aKilledWorkerNeitherLosesNorRepeatsAnybody() async throws {
            try await withHub(workers: 2) { product, hub in
                let id = try await begin(people(0..<60), #""channel":"sms","pacePerMinute":600"#, product)
                try await Waiting.until("ten to be engaged", within: .seconds(30)) { hub.engagements.count >= 10 }
                await product.workers[0].kill()
                try await Waiting.until("twenty more", within: .seconds(60)) { hub.engagements.count >= 30 }
                await product.workers[1].kill()
                _ = try await product.startWorker()
                let done = try await product.bulk(id, toBe: "done with all started", within: .seconds(90)) {
                    $0["state"]?.string == "done" && $0["engagements"]?.object?["started"]?.integer == 60
                }
                #expect(done["skipped"]?.integer == 0)
                let engaged = hub.engagements.map { $0.body["source_record_id"]?.string ?? "" }
                #expect(engaged.count == 60 && Set(engaged).count == 60)
            }
        }

        @Test func rulesAnswerSignalsWithinTheirLimits() async throws {
            try await withHub { product, hub in
                let rule = """
                    {"key":"call","signals":["MISSED_CALL"],"action":"CALL_LEAD","enabled":true,"auto_run":true,
                    "cooldown_seconds":3600,"daily_maximum":5}
                    """
                let template =
                    #"{"key":"off","signals":["MISSED_CALL","NO_REPLY"],"action":"SEND_FOLLOW_UP","auto_run":true}"#
                _ = try await product.ask(
                    .put, "/v1/engagements/settings/w-1",
                    #"{"domain_name":"own.example","rules":[\#(rule),\#(template)]}"#)
                func signal(_ name: String, id: String, _ person: String = "lead", _ members: String = "") -> String {
                    let more = members.isEmpty ? "" : "," + members
                    return """
                        {"person_id":"\(person)","workspace_id":"w-1","signal":"\(name)","signal_id":"\(id)",
                        "phones":["+14165550100"]\(more)}
                        """
                }
                let first = try await product.runJob("cockpit.auto_run", signal("MISSED_CALL", id: "s-1"))
                #expect(first["note"]?.string?.hasPrefix("call: es_") == true, "\(first)")
                try await Waiting.until("the lead to be called") { hub.engagements.count == 1 }
                #expect(hub.engagements[0].body["channel"]?.string == "phone")
                try await Waiting.until("the engagement to be known") {
                    try await product.client.get("/v1/engagements/\(hub.engagements[0].key)").object["state"]?.string
                        == "started"
                }
                try await product.report(hub.engagements[0].id, #""status":"completed""#)
                // Said again it is the same; another one comes too soon.
                let again = try await product.runJob("cockpit.auto_run", signal("MISSED_CALL", id: "s-1"))
                #expect(again["note"] == first["note"])
                let second = try await product.runJob("cockpit.auto_run", signal("MISSED_CALL", id: "s-2"))
                #expect(second["note"]?.string == "call: skipped, cooldown")
                let other = try await product.runJob("cockpit.auto_run", signal("NO_REPLY", id: "s-3"))
                #expect(other["note"]?.string == "no rule answers NO_REPLY")
                let left = try await product.runJob(
                    "cockpit.auto_run", signal("MISSED_CALL", id: "s-4", "quiet", #""doNotContact":true"#))
                #expect(left["note"]?.string == "call: skipped, do_not_contact")
                #expect(hub.engagements.count == 1)
            }
        }
    }
}
