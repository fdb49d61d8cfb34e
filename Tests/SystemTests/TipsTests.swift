import Basics
import Command
import Curl
import Glibc
import Jobs
import Postgres
import TestKit
import Testing

extension SystemTests {
    /// TIPS sync over real processes: TIPS, the CRM's provisioning and Twenty are played by the peers.
    @Suite struct TipsTests {
        /// Runs `body` with a product beside peers whose TIPS has these agents, and the fields made.
        private func run(
            _ tips: String, workers: Int = 1, _ body: (Product, Peers) async throws -> Void
        ) async throws {
            try await Peers.run { peers in
                try await peers.setState(.tips, tips)
                let options = ProductOptions(workers: workers, environment: Self.environment(peers))
                try await withProduct(options) { product in
                    let made = try await product.command(["tips", "bootstrap-fields"])
                    #expect(made.exit == .exited(0), "\(made.output)")
                    try await body(product, peers)
                }
            }
        }

        private static func environment(_ peers: Peers) -> [String: String] {
            [
                "TIPS_API_BASE_URL": peers.url(.tips, "/api"), "TIPS_CLIENT_ID": Peers.Secret.tipsClientID,
                "TIPS_CLIENT_SECRET": Peers.Secret.tipsClientSecret, "TIPS_SYNC_WORKSPACE_ID": Peers.workspaceID,
                "CRM_API_URL": peers.url(.provisioning), "CRM_PROVISIONING_SECRET": Peers.Secret.provisioning,
                "CRM_PUBLIC_BASE_URL": peers.url(.twenty), "CRM_WORKSPACE_API_KEY": Peers.Secret.workspaceKey,
            ]
        }

        /// Syncs; the last line of the report.
        private func sync(
            _ product: Product, _ more: [String] = [], exit: Int32 = 0
        ) async throws -> JSONObject {
            let run = try await ProgramRun.run(
                "aventora", ["tips", "sync"] + more, environment: product.variables, within: .seconds(120))
            #expect(run.exit == .exited(exit), "\(run.output)")
            let line = run.output.split(separator: "\n").last { $0.hasPrefix("{") } ?? "{}"
            return try JSONParser.parse(Array(line.utf8)).object ?? JSONObject()
        }

        private func clients(_ report: JSONObject) -> [Int64] {
            ["created", "updated", "unchanged", "failed"].map {
                report["clients"]?.object?[$0]?.integer ?? -1
            }
        }

        private func writes(_ peers: Peers) async throws -> Int {
            try await peers.calls(.twenty, under: "/rest/batch/people").count
        }

        private static let two = #"{"agents":[{"id":"1","client_count":70},{"id":"2","client_count":5}]}"#

        @Test func syncsOnlyWhatDiffers() async throws {
            try await run(Self.two) { product, peers in
                let dry = try await sync(product, ["--dry-run"])
                #expect(clients(dry) == [75, 0, 0, 0])
                #expect(try await peers.records("people").isEmpty)
                #expect(clients(try await sync(product)) == [75, 0, 0, 0])
                let people = try await peers.records("people")
                #expect(Set(people.compactMap { $0["tipsClientId"]?.string }).count == 75)
                #expect(people.count == 75)
                let members = try await peers.records("workspaceMembers")
                #expect(members.count == 2)
                let first = try #require(members.first { $0["userEmail"]?.string == "agent1@tips.test" })
                #expect(first["tipsAgentId"] == .number("1"))
                #expect(first["tipsCrmHubEnabled"] == .bool(true))
                let workspace = try await peers.state(.twenty)["workspaces"]?.array?.first?.object
                let roles = workspace?["memberRoles"]?.object?.members.map { $0.value.string ?? "" } ?? []
                #expect(Set(roles) == ["Member (Aventora Hub)", "Member"])
                let mine = people.first { $0["tipsClientId"]?.string == "1000000" }
                #expect(mine?["createdBy"]?.object?["workspaceMemberId"] == first["id"])

                let writes = try await writes(peers)
                _ = try await sync(product)
                #expect(try await self.writes(peers) == writes)
                let id = mine?["id"]?.string ?? ""
                let more =
                    #"{"phones":{"primaryPhoneNumber":"+16475550100","additionalPhones":[{"number":"+4930123456"}]}}"#
                _ = try await peers.send(
                    .twenty, .patch, "/rest/people/\(id)", body: more, token: Peers.Secret.workspaceKey)
                try await peers.setState(
                    .tips,
                    #"{"change":[{"id":"1","clients":[{"id":"1000000","lastName":"New","phone":"(647) 555-0199"}]}]}"#)
                #expect(Array(clients(try await sync(product)).prefix(2)) == [0, 1])
                let changed = try await peers.records("people").first { $0["id"]?.string == id }
                #expect(changed?["name"]?.object?["lastName"] == .string("New"))
                #expect(changed?["phones"]?.object?["primaryPhoneNumber"] == .string("6475550199"))
                // What TIPS knows nothing of stays.
                #expect(changed?["phones"]?.object?["additionalPhones"]?.array?.count == 1)
            }
        }

        @Test func aBadAgentAndABadClientStopNobody() async throws {
            let tips = """
                {"agents":[{"id":"1","email":"","client_count":3},{"id":"2","crmEnabled":false,"client_count":3},
                {"id":"3","clients":[{"id":"a","firstName":"A","email":"same@x.test","phone":"+9991234567"},
                {"id":"b","firstName":"B","email":"same@x.test","phone":"call me"},
                {"id":"c","firstName":"C","email":"o'brien@x.test"}]}]}
                """
            try await run(tips) { product, peers in
                let report = try await sync(product, exit: 1)
                let agents = report["agents"]?.object
                #expect(agents?["failed"] == .number("1"))
                #expect(agents?["skipped"] == .number("1"))
                #expect(agents?["done"] == .number("1"))
                // A number that Twenty does not take is that client's failure alone.
                #expect(clients(report) == [2, 0, 0, 1])
                let people = try await peers.records("people")
                #expect(Set(people.compactMap { $0["tipsClientId"]?.string }) == ["b", "c"])
                // Two share an address, which the CRM keeps for one of them.
                #expect(
                    people.filter { $0["emails"]?.object?["primaryEmail"] == .string("same@x.test") }.count <= 1)
            }
        }

        @Test func findsAPersonWhoIsThere() async throws {
            let tips = #"{"agents":[{"id":"1","clients":[{"id":"a","firstName":"A","email":"There@x.test"}]}]}"#
            try await run(tips) { product, peers in
                let body = #"{"name":{"firstName":"Old"},"emails":{"primaryEmail":"there@x.test"},"city":"Oslo"}"#
                _ = try await peers.send(
                    .twenty, .post, "/rest/people", body: body, token: Peers.Secret.workspaceKey)
                #expect(clients(try await sync(product)) == [0, 1, 0, 0])
                let people = try await peers.records("people")
                #expect(people.count == 1)
                #expect(people.first?["city"] == .string("Oslo"))
                #expect(people.first?["tipsClientId"] == .string("a"))
            }
        }

        @Test func survivesTips() async throws {
            let tips = #"{"agents":[{"id":"1","client_count":130},{"id":"2","client_count":2}]}"#
            try await run(tips) { product, peers in
                try await peers.setState(
                    .tips, #"{"repeats":[{"path":"/agents/1/clients","page":2,"count":2}],"revoke_tokens":true}"#)
                // A token that ends midway, an agent who is removed midway, and a moment of absence at the listing.
                try await peers.fault(
                    .tips, #"{"path_prefix":"/api/agents/1/clients","mode":"status","status":401,"count":1}"#,
                    #"{"path_prefix":"/api/agents/2/clients","mode":"status","status":404}"#,
                    #"{"path_prefix":"/api/agents","mode":"reset","count":1}"#)
                let report = try await sync(product)
                #expect(clients(report) == [130, 0, 0, 0])
                #expect(report["agents"]?.object?["removed"] == .number("1"))
                #expect(try await peers.records("people").count == 130)
                #expect(try await peers.state(.tips)["tokens_issued"] == .number("2"))
            }
        }

        @Test func neverTwoAtOnce() async throws {
            try await run(Self.two, workers: 2) { product, peers in
                async let first = sync(product)
                async let second = sync(product)
                let reports = try await [first, second]
                #expect(reports[0]["id"] == reports[1]["id"])
                // A job that was posted by hand finds the row of the one under way.
                #expect(try await peers.records("people").count == 75)
                let rows = try await product.database.query(
                    PostgresStatement("test_runs", "SELECT count(*) AS count FROM jobs.tips_runs"))
                #expect(try rows[0].integer("count") == 1)
            }
        }

        @Test func aKilledWorkerLosesAndDoublesNothing() async throws {
            try await run(#"{"agents":[{"id":"1","client_count":200}]}"#, workers: 1) { product, peers in
                // The answer to the second batch is lost with the worker that waits for it.
                try await peers.fault(
                    .twenty, #"{"path_prefix":"/rest/batch","mode":"delay","delay_ms":0,"count":1}"#,
                    #"{"path_prefix":"/rest/batch","mode":"hang","performs":true,"count":1}"#)
                async let report = sync(product)
                try await Waiting.until("the second batch", within: .seconds(30)) {
                    try await writes(peers) == 2
                }
                await product.workers[0].kill()
                _ = try await product.startWorker()
                let counts = clients(try await report)
                #expect(counts[0] + counts[2] == 200)
                #expect(counts[3] == 0)
                let people = try await peers.records("people")
                #expect(people.count == 200)
                #expect(Set(people.compactMap { $0["tipsClientId"]?.string }).count == 200)
            }
        }

        @Test func saysWhatIsMissing() async throws {
            try await Peers.run { peers in
                var environment = Self.environment(peers)
                environment["TIPS_CLIENT_SECRET"] = ""
                try await withProduct(ProductOptions(environment: environment)) { product in
                    let run = try await product.command(["tips", "sync"])
                    #expect(run.exit == .exited(78))
                    #expect(run.output.contains("TIPS_CLIENT_SECRET"))
                }
                environment = Self.environment(peers)
                try await withProduct(ProductOptions(environment: environment)) { product in
                    let report = try await sync(product, exit: 1)
                    #expect(report["error"]?.string?.contains("bootstrap-fields") == true, "\(report)")
                }
            }
        }
    }
}
