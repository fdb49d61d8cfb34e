import Basics
import Curl
import Postgres
import TestKit
import Testing

extension SystemTests {
    /// Records on their way to a Twenty that behaves like the real one, and to one that does not.
    @Suite(.timeLimit(.minutes(5))) struct RecordSyncTests {
        private func run(
            _ arguments: [String] = [], workers: Int = 1, _ environment: [String: String] = [:],
            _ body: (Product, Peers) async throws -> Void
        ) async throws {
            try await Peers.run(arguments) { peers in
                var options = ProductOptions(workers: workers)
                options.environment = [
                    "TWENTY_CRM_BASE_URL": peers.url(.twenty), "TWENTY_CRM_API_KEY": Peers.Secret.workspaceKey,
                    "TWENTY_CRM_ENABLED": "true", "TWENTY_CRM_SYNC_MODE": "direct_crm",
                    // The variable alone opens the place.
                    "OUTBOUND_ALLOW": "",
                ].merging(environment) { $1 }
                try await withProduct(options) { product in
                    product.addSecret(Peers.Secret.workspaceKey)
                    try await body(product, peers)
                }
            }
        }

        private func post(_ product: Product, _ kind: String, _ args: String) async throws -> String {
            let reply = try await product.client.postJob(#"{"kind":"\#(kind)","args":\#(args)}"#)
            guard reply.status == 202, let id = reply.object["id"]?.string else {
                throw UnexpectedReply("POST /v1/jobs", reply)
            }
            return id
        }

        private func email(_ record: JSONObject) -> String {
            record["emails"]?.object?["primaryEmail"]?.string ?? ""
        }

        private func people(_ range: Range<Int>, _ title: String = "Agent") -> String {
            range.map {
                #"{"external_id":"u\#($0)","name":"P \#($0)","email":"p\#($0)@example.com","job_title":"\#(title)","company_external_id":"c\#($0 % 3)","company_name":"Firm \#($0 % 3)"}"#
            }.joined(separator: ",")
        }

        private static let ada = #"""
            {"external_id":"u1","name":"Ada Lovelace","email":"Ada@Example.com","phone":"+1 416 555 1234",
            "company_external_id":"c1","company_name":"Engines"}
            """#

        @Test func aPersonAndTheCompanyAreMadeOnceAndChangedAfterwards() async throws {
            try await run { product, peers in
                let made = try await post(product, "crm.upsert_person", Self.ada)
                let job = try await product.client.job(made, toBe: "done")
                #expect(job["attempts"]?.integer == 1)
                try await product.client.job(try await post(product, "crm.upsert_person", Self.ada), toBe: "done")
                let changed = Self.ada.replacing("Ada Lovelace", with: "Ada King")
                try await product.client.job(try await post(product, "crm.upsert_person", changed), toBe: "done")
                let firm = #"{"external_id":"c1","name":"Engines Ltd","website":"engines.example"}"#
                try await product.client.job(try await post(product, "crm.upsert_company", firm), toBe: "done")
                let people = try await peers.records("people").filter { email($0) == "ada@example.com" }
                try #require(people.count == 1)
                #expect(people[0]["name"]?.object?["lastName"]?.string == "King")
                let phones = people[0]["phones"]?.object
                #expect(phones?["primaryPhoneNumber"]?.string == "4165551234")
                #expect(phones?["primaryPhoneCallingCode"]?.string == "+1")
                let firms = try await peers.records("companies").filter { $0["name"]?.string == "Engines Ltd" }
                try #require(firms.count == 1)
                #expect(people[0]["companyId"] == firms[0]["id"])
                let writes = try await peers.calls(.twenty, under: "/rest").filter { $0["method"]?.string != "GET" }
                // Company, person, the new name, the company's own name and website; nothing for the job that changes nothing.
                #expect(writes.map { $0["method"]?.string } == ["POST", "POST", "PATCH", "PATCH"])
            }
        }

        @Test func whatTwentyRefusesIsBuriedWithItsCode() async throws {
            try await run { product, peers in
                let unknown = try await post(
                    product, "crm.upsert_person", #"{"external_id":"x","name":"X","fields":{"shoeSize":43}}"#)
                let refused = try await product.client.job(unknown, toBe: "dead")
                #expect(refused["why"]?.string?.contains("VALIDATION_ERROR") == true)
                #expect(refused["attempts"]?.integer == 1)
                // A batch does the rest, and leaves the bad one for another try.
                let batch = try await post(
                    product, "crm.upsert_batch",
                    #"{"people":[\#(people(0..<5)),{"external_id":"bad","fields":{"shoeSize":43}}]}"#)
                let buried = try await product.client.job(batch, toBe: "dead")
                #expect(buried["why"]?.string?.contains("1 of 6 records") == true, "\(buried)")
                #expect(try await peers.records("people").filter { email($0).hasPrefix("p") }.count == 5)
                // The lost key of the workspace.
                try await peers.fault(
                    .twenty,
                    #"{"path_prefix":"/rest","mode":"status","status":401,"body":{"statusCode":401,"error":"UNAUTHENTICATED"}}"#
                )
                let locked = try await post(product, "crm.upsert_company", #"{"external_id":"c","name":"C"}"#)
                let dead = try await product.client.job(locked, toBe: "dead")
                #expect(dead["why"]?.string?.contains("AUTH_ERROR") == true)
                try await peers.clearFaults(.twenty)
                #expect(try await product.client.retryDead([locked]) == 1)
                try await product.client.job(locked, toBe: "done")
            }
        }

        /// A limit and an outage: the one spends no attempt, the other is survived by trying again; a lost answer makes
        /// nothing twice.
        @Test func aTwentyThatIsAwayForAWhileIsWaitedFor() async throws {
            try await run { product, peers in
                try await peers.fault(
                    .twenty,
                    #"{"path_prefix":"/rest","mode":"status","status":429,"headers":{"Retry-After":"2"},"count":1}"#,
                    #"{"path_prefix":"/rest","method":"POST","mode":"reset","performs":true,"count":1}"#,
                    #"{"path_prefix":"/rest","method":"POST","mode":"status","status":503,"count":1}"#)
                let id = try await post(
                    product, "crm.upsert_person", #"{"external_id":"u1","name":"Ada","email":"ada@example.com"}"#)
                let job = try await product.client.job(id, toBe: "done", within: .seconds(40))
                #expect(job["deferrals"]?.integer ?? 0 >= 1, "\(job)")
                #expect((1...3).contains(job["attempts"]?.integer ?? 0))
                #expect(try await peers.records("people").filter { email($0) == "ada@example.com" }.count == 1)
            }
        }

        @Test func whatFailsToTheLastIsNamedSo() async throws {
            try await run { product, peers in
                try await peers.fault(.twenty, #"{"path_prefix":"/rest","mode":"html","status":502}"#)
                let id = try await post(product, "crm.upsert_company", #"{"external_id":"c","name":"C"}"#)
                let dead = try await product.client.job(id, toBe: "dead", within: .seconds(60))
                #expect(dead["why"]?.string?.contains("OPERATION_FAILED") == true && dead["attempts"]?.integer == 4)
                #expect(dead["why"]?.string?.contains("SERVER_ERROR") == true)
            }
        }

        /// The settings decide within seconds; no mode pretends.
        @Test func theModeDecides() async throws {
            try await run([], workers: 1, ["TWENTY_CRM_SYNC_MODE": "platform"]) { product, peers in
                let company = #"{"external_id":"c","name":"C"}"#
                let first = try await post(product, "crm.upsert_company", company)
                let dead = try await product.client.job(first, toBe: "dead")
                #expect(dead["why"]?.string?.contains("OPERATION_FAILED") == true)
                let base = #""base_url":"\#(peers.url(.twenty))","enabled":true"#
                for (mode, state) in [("disabled", "done"), ("direct_crm", "done")] {
                    let body = #"{\#(base),"mode":"\#(mode)"}"#
                    let saved = try await product.client.send(.put, "/v1/crm/config", body: Array(body.utf8))
                    #expect(saved.status == 200, "\(saved.text)")
                    try await Waiting.until("the worker to know the mode \(mode)", within: .seconds(15)) {
                        let id = try await post(product, "crm.upsert_company", company)
                        let note = try await Waiting.value("its end") {
                            let job = try await product.client.job(id)
                            return ["done", "dead"].contains(job["state"]?.string) ? job : nil
                        }
                        guard note["state"]?.string == state else { return false }
                        let count = try await peers.records("companies").filter { $0["name"]?.string == "C" }.count
                        return count == (mode == "disabled" ? 0 : 1)
                    }
                }
                #expect(try await product.client.retryDead([first]) == 1)
                try await product.client.job(first, toBe: "done")
                #expect(try await peers.records("companies").filter { $0["name"]?.string == "C" }.count == 1)
            }
        }

        @Test func aWorkerThatIsKilledMidwayMakesNothingTwice() async throws {
            try await run(workers: 1) { product, peers in
                try await peers.fault(
                    .twenty, #"{"path_prefix":"/rest/batch","mode":"delay","delay_ms":1500,"performs":true}"#)
                let id = try await post(product, "crm.upsert_batch", #"{"people":[\#(people(0..<300))]}"#)
                try await Waiting.until("the batch to be midway", within: .seconds(60)) {
                    let calls = try await peers.calls(.twenty, under: "/rest/batch/people")
                    return calls.count >= 2
                }
                await product.workers[0].kill()
                try await peers.clearFaults(.twenty)
                _ = try await product.startWorker()
                let job = try await product.client.job(id, toBe: "done", within: .seconds(120))
                #expect(job["crashes"]?.integer == 1, "\(job)")
                let all = try await peers.records("people").map { email($0) }.filter { $0.hasPrefix("p") }
                #expect(all.count == 300 && Set(all).count == 300)
                #expect(
                    try await peers.records("companies").filter { $0["name"]?.string?.hasPrefix("Firm") == true }.count
                        == 3)
                let rows = try await product.database.query(
                    PostgresStatement(
                        "mapped", "SELECT count(*) AS people FROM jobs.crm_mappings WHERE object = 'person'"))
                #expect(try rows.first?.integer("people") == 300)
            }
        }

        /// Four workers, one limit: no call is refused, no job fails, and the pace is kept.
        @Test(arguments: ["newest", "oldest"])
        func fourWorkersKeepToTheLimit(era: String) async throws {
            try await run(["--twenty-limit", "100", "--twenty-era", era], workers: 4) { product, peers in
                var ids: [String] = []
                for start in stride(from: 0, to: 900, by: 50) {
                    ids.append(
                        try await post(product, "crm.upsert_batch", #"{"people":[\#(people(start..<start + 50))]}"#))
                }
                for index in 0..<20 {
                    ids.append(
                        try await post(
                            product, "crm.upsert_person",
                            #"{"external_id":"s\#(index)","name":"S \#(index)","email":"s\#(index)@example.com"}"#))
                }
                for id in ids {
                    let job = try await product.client.job(id, toBe: "done", within: .seconds(200))
                    #expect(job["attempts"]?.integer == 1)
                }
                let people = try await peers.records("people").map { email($0) }
                #expect(Set(people.filter { $0.hasPrefix("p") }).count == 900)
                #expect(people.filter { $0.hasPrefix("p") || $0.hasPrefix("s") }.count == 920)
                #expect(try await product.client.dead().isEmpty)
                let state = try await peers.state(.twenty)["workspaces"]?.array?.first?.object
                #expect(state?["refused"]?.integer == 0)
                #expect(
                    (60...90).contains(state?["busiest_minute"]?.integer ?? 0),
                    "\(String(describing: state?["busiest_minute"]))")
            }
        }
    }
}
