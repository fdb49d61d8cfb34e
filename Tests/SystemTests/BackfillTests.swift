import Basics
import Command
import Postgres
import TestKit
import Testing

extension SystemTests {
    /// `aventora hub backfill`, with real processes and a stand-in for domain-chatbot.
    @Suite struct BackfillTests {
        private static let secret = "the-twilio-secret"
        private static let flags = [
            "--inbound-phone", "+14165550100", "--twilio-account-sid", "AC0123", "--twilio-api-key", "SK0123",
            "--twilio-api-secret", secret,
        ]

        private func variables(_ chatbot: FakeChatbot) -> [String: String] {
            ["DOMAIN_CHATBOT_API_URL": chatbot.target.url(""), "DOMAIN_CHATBOT_SUPER_ADMIN_TOKEN": FakeChatbot.token]
        }

        private func with(workers: Int = 1, _ body: (Product) async throws -> Void) async throws {
            // What is opened for it is opened by the backfill itself.
            try await withProduct(ProductOptions(workers: workers, environment: ["OUTBOUND_ALLOW": ""])) { product in
                for secret in [Self.secret, FakeChatbot.token] { product.addSecret(secret) }
                try await body(product)
            }
        }

        private static func workspaces(_ count: Int) -> [FakeChatbot.Workspace] {
            (0..<count).map { .init(id: "w-\($0)", subdomain: "space-\($0)") }
        }

        private func run(
            _ product: Product, _ chatbot: FakeChatbot, _ arguments: [String], _ extra: [String: String] = [:]
        ) async throws -> ProgramRun {
            let run = try await product.command(
                ["hub", "backfill"] + arguments, variables(chatbot).merging(extra) { $1 })
            for secret in [Self.secret, FakeChatbot.token] { #expect(!run.output.contains(secret)) }
            return run
        }

        /// The lines that are JSON.
        private func lines(_ run: ProgramRun) -> [JSONObject] {
            run.output.split(separator: "\n").compactMap { line in
                do { return try JSONParser.parse(Array(line.utf8)).object } catch { return nil }
            }
        }

        private func count(_ run: ProgramRun, _ key: String) -> Int64? { lines(run).last?[key]?.integer }

        @Test func aDryRunOnlyTells() async throws {
            let chatbot = try FakeChatbot(
                Self.workspaces(2) + [
                    .init(id: "old", subdomain: "old-one", isConnected: true), .init(id: "bad", subdomain: "Bad_One"),
                ])
            try await with { product in
                let run = try await run(product, chatbot, ["--dry-run"])
                #expect(run.exit == .exited(1), "\(run.output)")
                let lines = lines(run)
                #expect(lines.map { $0["step"]?.string } == ["plan", "plan", "plan", "plan", "summary"])
                #expect(
                    lines.map { $0["state"]?.string } == ["planned", "planned", "skipped", "failed", "planned"])
                #expect(count(run, "planned") == 2 && count(run, "skipped") == 1 && count(run, "failed") == 1)
                #expect(lines[3]["detail"]?.string == "its domain is not of the form [a-z0-9-]{3,30}")
                #expect(run.output.contains("4 workspaces: 2 to do, 1 skipped, 1 failed\n"))
                #expect(chatbot.target.requests.count == 1)
                let one = try await self.run(product, chatbot, ["--dry-run", "--workspace", "space-1"])
                #expect(one.exit == .exited(0) && count(one, "total") == 1)
                // The schedule that asks the Hub has jobs there too.
                #expect(try await product.client.queues()["webhooks"] == [0, 0, 0, 0])
            }
        }

        @Test func everyWorkspaceGetsItsHub() async throws {
            let chatbot = try FakeChatbot(Self.workspaces(6) + [.init(id: "old", subdomain: "old", isConnected: true)])
            try await with { product in
                let run = try await run(product, chatbot, ["--execute", "--pace", "600"] + Self.flags)
                #expect(run.exit == .exited(0), "\(run.output)")
                #expect(count(run, "done") == 6 && count(run, "skipped") == 1 && count(run, "total") == 7)
                #expect(lines(run).filter { $0["step"]?.string == "full" }.count == 7)
                #expect(chatbot.connected.count == 7 && chatbot.posts.values.allSatisfy { $0 == 1 })
                let body = try #require(chatbot.target.requests.first { $0.method == "POST" })
                #expect(body.text.contains(#""twilio_api_key_sid":"SK0123""#) && body.text.contains(Self.secret))
                // Nobody finds the credentials afterwards, and while it ran only sealed.
                let rows = try await product.database.query(
                    PostgresStatement(
                        "kept", "SELECT count(*) AS n FROM jobs.hub_backfills WHERE secrets IS NULL AND state = 'done'")
                )
                #expect(try rows[0].integer("n") == 1)
                let again = try await self.run(product, chatbot, ["--execute"] + Self.flags)
                #expect(again.exit == .exited(0) && count(again, "skipped") == 7)
                #expect(chatbot.posts.values.allSatisfy { $0 == 1 })
            }
        }

        @Test func membersAreBroughtOnly() async throws {
            let chatbot = try FakeChatbot([
                .init(id: "a", subdomain: "aaa", isConnected: true, members: ["x@a.example", "y@a.example"]),
                .init(id: "b", subdomain: "bbb"),
            ])
            try await with { product in
                let run = try await run(product, chatbot, ["--sync-members-only", "--execute"])
                #expect(run.exit == .exited(0), "\(run.output)")
                let step = try #require(lines(run).first { $0["workspace"]?.string == "a" })
                #expect(step["step"]?.string == "sync_members" && step["detail"]?.string == "2 added, 0 there already")
                #expect(chatbot.posts == ["a": 1])
            }
        }

        /// It takes as long as its pace says, one at a time.
        @Test func itKeepsItsPace() async throws {
            let chatbot = try FakeChatbot(Self.workspaces(7))
            try await with(workers: 2) { product in
                let run = try await run(product, chatbot, ["--execute", "--pace", "120"] + Self.flags)
                #expect(run.exit == .exited(0), "\(run.output)")
                let times = chatbot.target.requests.filter { $0.method == "POST" }.map(\.arrival)
                let (first, last) = (try #require(times.first), try #require(times.last))
                #expect(last - first >= .milliseconds(2_700), "6 pauses of 500 ms: \(last - first)")
            }
        }

        @Test func whatFailsIsToldAndDoneTheNextTime() async throws {
            let chatbot = try FakeChatbot(Self.workspaces(3))
            chatbot.refuse("space-1", .status(422))
            try await with { product in
                let run = try await run(product, chatbot, ["--execute", "--pace", "600"] + Self.flags)
                #expect(run.exit == .exited(1))
                #expect(run.output.hasSuffix("1 of 3 workspaces failed\n"), "\(run.output)")
                #expect(count(run, "failed") == 1 && run.output.contains("3 workspaces: 2 done, 1 failed\n"))
                chatbot.refuse("space-1", nil)
                let again = try await self.run(product, chatbot, ["--execute", "--pace", "600"] + Self.flags)
                #expect(again.exit == .exited(0), "\(again.output)")
                #expect(chatbot.connected.count == 3)
                #expect(chatbot.posts == ["w-0": 1, "w-1": 2, "w-2": 1])
            }
        }

        /// Neither the end of the command nor that of a worker ends the backfill; a second command goes on to watch.
        @Test func itOutlivesCommandAndWorker() async throws {
            let chatbot = try FakeChatbot(Self.workspaces(12))
            chatbot.fail([.hang])
            try await with(workers: 2) { product in
                let started = try await run(product, chatbot, ["--execute", "--no-wait", "--pace", "600"] + Self.flags)
                #expect(started.exit == .exited(0) && count(started, "pending") == 12, "\(started.output)")
                _ = try await chatbot.target.requests(2)
                let holder = try #require(
                    try await Waiting.value("a worker to hold the job", within: .seconds(10)) {
                        for worker in product.workers {
                            let name = worker.lines("worker starts").first?["name"]?.string ?? ""
                            let listed = try await product.client.get("/v1/workers").object["items"]?.array ?? []
                            let item = listed.compactMap(\.object).first { $0["name"]?.string == name }
                            if item?["running"]?.integer == 1 { return worker }
                        }
                        return nil
                    } as ProductProcess?)
                await holder.kill()
                let watched = try await run(product, chatbot, ["--execute", "--pace", "600"] + Self.flags)
                #expect(watched.exit == .exited(0), "\(watched.output)")
                #expect(watched.output.contains("goes on"))
                #expect(count(watched, "done") == 12 && chatbot.connected.count == 12)
                #expect(chatbot.posts.filter { $0.value > 1 }.count <= 1)
            }
        }

        /// For a while nobody answers: the end is the same.
        @Test func aServiceThatIsAwayForAWhileIsWaitedFor() async throws {
            let chatbot = try FakeChatbot(Self.workspaces(4))
            chatbot.fail([.close, .reset, .status(503)])
            try await with { product in
                let run = try await run(product, chatbot, ["--execute", "--pace", "600"] + Self.flags)
                #expect(run.exit == .exited(0), "\(run.output)")
                #expect(chatbot.connected.count == 4)
            }
        }

        @Test func anotherOneIsRefusedAndOneCanBeEnded() async throws {
            let chatbot = try FakeChatbot(Self.workspaces(3))
            chatbot.fail([.held(status: 500)])
            try await with { product in
                _ = try await run(product, chatbot, ["--execute", "--no-wait", "--pace", "1"] + Self.flags)
                for (other, difference) in [
                    (["--execute", "--workspace", "w-1"] + Self.flags, "is for all workspaces"),
                    (["--execute", "--sync-members-only"], "sets Hubs up"),
                    (["--execute"] + Self.flags + ["--twilio-phone-number", "+14165550199"], "has other telephony"),
                ] {
                    let refused = try await run(product, chatbot, other)
                    #expect(refused.exit == .exited(1) && refused.output.contains(difference), "\(refused.output)")
                }
                let ended = try await run(product, chatbot, ["--cancel"])
                #expect(ended.exit == .exited(0) && (count(ended, "cancelled") ?? 0) >= 2, "\(ended.output)")
                #expect(try await run(product, chatbot, ["--cancel"]).exit == .exited(1))
                #expect(chatbot.connected.isEmpty)
                chatbot.target.release()
            }
        }

        @Test func whatIsWrongIsSaidBeforeAnythingHappens() async throws {
            let chatbot = try FakeChatbot(Self.workspaces(1))
            try await with { product in
                let token = ["--twilio-auth-token", "t"]
                let cases: [([String], [String: String], Int32, String)] = [
                    ([], [:], 64, "--dry-run"), (["--dry-run", "--execute"], [:], 64, "--dry-run"),
                    (["--execute"], [:], 64, "missing: --inbound-phone (or PROVISION_INBOUND_PHONE)"),
                    (["--execute"] + Self.flags + token, [:], 64, "not both"),
                    (
                        ["--execute"], ["PROVISION_TWILIO_AUTH_TOKEN": "t", "PROVISION_TWILIO_API_KEY": "SK1"], 78,
                        "give either PROVISION_TWILIO_AUTH_TOKEN"
                    ),
                    (["--dry-run", "--inbound-phone", "5"], [:], 64, "--inbound-phone: a phone number"),
                    (["--dry-run", "--pace", "0"], [:], 64, "--pace"),
                    (["--dry-run", "--workspace", "none"], [:], 1, "the CRM has no workspace none"),
                    (["--execute"] + Self.flags, ["SECRETS_KEY": ""], 78, "SECRETS_KEY"),
                    (["--dry-run"], ["DOMAIN_CHATBOT_API_URL": ""], 78, "DOMAIN_CHATBOT_API_URL"),
                    (["--dry-run"], ["DOMAIN_CHATBOT_SUPER_ADMIN_TOKEN": "wrong"], 78, "unauthorized"),
                    (["--dry-run"], ["DOMAIN_CHATBOT_API_URL": "http://127.0.0.1:1"], 69, "unreachable"),
                ]
                for (arguments, variables, code, text) in cases {
                    let run = try await run(product, chatbot, arguments, variables)
                    #expect(run.exit == .exited(code) && run.output.contains(text), "\(arguments): \(run.output)")
                }
                #expect(chatbot.posts.isEmpty)
            }
        }
    }
}
