import Basics
import Queue
import TestKit
import Testing

@testable import Jobs

@Suite(.timeLimit(.minutes(1))) struct TwentyClientTests {
    private func page(_ items: String, more: String = "") -> TargetAnswer {
        let info =
            more.isEmpty ? #"{"hasNextPage":false,"endCursor":"z"}"# : #"{"hasNextPage":true,"endCursor":"\#(more)"}"#
        return TwentyFixture.json(200, #"{"data":{"people":[\#(items)]},"totalCount":2,"pageInfo":\#(info)}"#)
    }

    @Test func aPersonIsFoundByTheNationalNumberAndTheRightCode() async throws {
        func person(_ id: String, _ code: String) -> String {
            #"{"id":"\#(id)","phones":{"primaryPhoneNumber":"2079460958","primaryPhoneCallingCode":"\#(code)"}}"#
        }
        let target = try FakeTarget(then: page("\(person("us", "+1")),\(person("uk", "+44"))"))
        try await TwentyFixture.withClient(target) { client, _ in
            let phone = try #require(TwentyPhone("+442079460958"))
            #expect(try await client.people(phone: phone).map(\.id) == ["uk"])
            let request = try #require(target.requests.first)
            #expect(request.route == "/rest/people" && request.method == "GET")
            #expect(request.query["filter"] == #"phones.primaryPhoneNumber[in]:["2079460958","+442079460958"]"#)
            #expect(request.path.contains("%2B44") && request.query["depth"] == "0")
            #expect(request.header("Authorization") == "Bearer \(TwentyFixture.key)")
        }
    }

    @Test func anEmailIsComparedWhole() async throws {
        let target = try FakeTarget(then: page(#"{"id":"1","emails":{"primaryEmail":"ada+x@example.com"}}"#))
        try await TwentyFixture.withClient(target) { client, _ in
            let ada = try await client.person(email: "Ada+X@Example.com")
            let nobody = try await client.person(email: "other@example.com")
            #expect(ada?.id == "1" && nobody == nil)
            #expect(target.requests.first?.query["filter"] == #"emails.primaryEmail[eq]:"ada+x@example.com""#)
        }
    }

    /// An apostrophe cannot stand in a filter; the one who has it is found all the same, and nobody else.
    @Test func anEmailThatNoFilterHoldsIsLookedForByPattern() async throws {
        let first = page(#"{"id":"1","emails":{"primaryEmail":"o_brien@example.com"}}"#, more: "c1")
        let second = page(#"{"id":"2","emails":{"primaryEmail":"o'brien@example.com"}}"#)
        let target = try FakeTarget(answers: [first, second])
        try await TwentyFixture.withClient(target) { client, _ in
            let found = try await client.person(email: "O'Brien@example.com")
            #expect(found?.id == "2")
            let queries = target.requests.map(\.query)
            #expect(
                queries.map { $0["filter"] }
                    == Array(repeating: #"emails.primaryEmail[like]:"o_brien@example.com""#, count: 2))
            #expect(queries.map { $0["starting_after"] } == [nil, "c1"])
        }
    }

    @Test func whatIsNotThereIsNil() async throws {
        let target = try FakeTarget(answers: [
            TwentyFixture.json(404, #"{"error":"NotFoundException","messages":["Record not found"]}"#),
            TwentyFixture.json(200, #"{"data":{"person":{"id":"a b"}}}"#),
        ])
        try await TwentyFixture.withClient(target) { client, _ in
            let nobody = try await client.find(.people, id: "x")
            let somebody = try await client.find(.people, id: "a b/c")
            #expect(nobody == nil && somebody?.id == "a b")
            #expect(target.requests.map(\.route) == ["/rest/people/x", "/rest/people/a%20b%2Fc"])
        }
    }

    @Test func aCreateThatIsRepeatedAnswersTheFirst() async throws {
        let target = try FakeTarget(answers: [
            TwentyFixture.json(400, #"{"messages":["A duplicate entry was detected"]}"#),
            TwentyFixture.json(200, #"{"data":{"person":{"id":"i","city":"there"}}}"#),
            TwentyFixture.json(201, #"{"data":{"createPerson":{"id":"i"}}}"#),
            TwentyFixture.json(400, #"{"messages":["A duplicate entry was detected"]}"#), .status(404),
        ])
        try await TwentyFixture.withClient(target) { client, _ in
            let fields: JSONObject = ["id": .string("other"), "city": .string("x")]
            let first = try await client.ensure(.people, id: "i", fields)
            #expect(!first.wasCreated && first.record["city"] == .string("there"))
            #expect(try await client.ensure(.people, id: "i", fields).wasCreated)
            let error = await #expect(throws: TwentyError.self) { try await client.ensure(.people, id: "i", fields) }
            #expect(error?.code == .duplicate)
            let posts = target.requests.filter { $0.method == "POST" }
            #expect(Set(posts.map(\.text)) == [#"{"id":"i","city":"x"}"#])
            #expect(Set(posts.compactMap { $0.header("Idempotency-Key") }).count == 1)
        }
    }

    @Test func aPatchHoldsOnlyItsFields() async throws {
        let target = try FakeTarget(then: TwentyFixture.json(200, #"{"data":{"updateWorkspaceMember":{"id":"m"}}}"#))
        try await TwentyFixture.withClient(target) { client, _ in
            #expect(try await client.patchMember(id: "m", ["tipsRole": .string("agent")]).id == "m")
            let request = try #require(target.requests.first)
            #expect(request.method == "PATCH" && request.route == "/rest/workspaceMembers/m")
            #expect(request.text == #"{"tipsRole":"agent"}"# && request.header("Content-Type") == "application/json")
        }
    }

    @Test func changesAreAskedForWithOverlapPageByPage() async throws {
        let target = try FakeTarget(
            answers: [
                page(#"{"id":"1","updatedAt":"2026-01-01T00:00:00.000Z"}"#, more: "c1"), page(#"{"id":"2"}"#),
            ], then: page(""))
        try await TwentyFixture.withClient(target) { client, _ in
            let since = try #require(Timestamp(iso8601: "2026-01-01T00:02:00Z"))
            let first = try await client.changes(of: .people, since: since)
            #expect(first.nextCursor == "c1" && first.totalCount == 2 && first.records.first?.updatedAt != nil)
            let second = try await client.changes(of: .people, since: since, after: first.nextCursor)
            #expect(second.nextCursor == nil && second.records.map(\.id) == ["2"])
            _ = try await client.changes(
                of: .people, since: since, presence: .trashed, overlapMilliseconds: 0, limit: 5)
            let queries = target.requests.map(\.query)
            #expect(queries[0]["filter"] == #"updatedAt[gte]:"2026-01-01T00:00:00.000Z""#)
            #expect(queries[0]["order_by"] == "updatedAt[AscNullsLast]" && queries[0]["limit"] == "60")
            #expect(queries[1]["starting_after"] == "c1" && queries[1]["filter"] == queries[0]["filter"])
            #expect(queries[2]["filter"] == #"deletedAt[gte]:"2026-01-01T00:02:00.000Z""# && queries[2]["limit"] == "5")
        }
    }

    @Test(arguments: [("c1", "{\"id\":\"1\"}"), ("c2", "")])
    func aPageThatLeadsToItselfEndsInAnError(cursor: String, items: String) async throws {
        let target = try FakeTarget(then: page(items, more: cursor))
        try await TwentyFixture.withClient(target) { client, _ in
            let error = await #expect(throws: TwentyError.self) {
                try await client.page(.people, TwentyQuery(after: "c1"))
            }
            #expect(error?.code == .serverError)
        }
    }

    // MARK: Batches

    /// Answers batches as Twenty does: one bad record fails all; answers come in another order.
    private static func batches(
        bad: Set<String>, fails: @escaping @Sendable (Int) -> TargetAnswer? = { _ in nil }
    ) throws -> FakeTarget {
        try FakeTarget(choosing: { request in
            let records = request.json.array ?? []
            if let answer = fails(records.count) { return answer }
            if records.count > 60 { return TwentyFixture.json(400, #"{"messages":["too many"]}"#) }
            guard !records.contains(where: { bad.contains($0.object?["id"]?.string ?? "") }) else {
                return TwentyFixture.json(400, #"{"messages":["Invalid phone number"]}"#)
            }
            let answer = JSONValue.array(records.reversed())
            let body = #"{"data":{"createPeople":"# + String(decoding: answer.encoded(), as: UTF8.self) + "}}"
            return TwentyFixture.json(201, body)
        })
    }

    private func people(_ count: Int) -> [JSONObject] { (0..<count).map { ["id": .string("p\($0)")] } }

    @Test func aBatchFindsTheBadOnesAndWritesTheRest() async throws {
        let target = try Self.batches(bad: ["p3", "p64", "p149"])
        try await TwentyFixture.withClient(target) { client, _ in
            let results = await client.upsert(.people, people(150))
            for (index, result) in results.enumerated() {
                switch result {
                case .success(let record): #expect(record.id == "p\(index)" && ![3, 64, 149].contains(index))
                case .failure(let error): #expect(error.code == .validationError && [3, 64, 149].contains(index))
                }
            }
            #expect(results.count == 150)
            let sizes = target.requests.map { $0.json.array?.count ?? 0 }
            #expect(sizes.max() == 60 && target.requests.count < 45)
            #expect(target.requests.allSatisfy { $0.route == "/rest/batch/people" && $0.query["upsert"] == "true" })
        }
    }

    @Test func aBatchThatCannotGoOnSaysWhatIsLeft() async throws {
        let target = try Self.batches(bad: []) { count in count == 30 ? .status(503) : nil }
        try await TwentyFixture.withClient(target) { client, _ in
            let results = await client.upsert(.people, people(90))
            let failed = results.indices.filter { if case .failure = results[$0] { true } else { false } }
            #expect(failed == Array(60..<90) && target.requests.count == 2)
            let limited = try Self.batches(bad: []) { _ in .status(429) }
            try await TwentyFixture.withClient(limited) { client, _ in
                let results = await client.upsert(.people, people(200))
                #expect(limited.requests.count == 1)
                #expect(results.allSatisfy { if case .failure(let error) = $0 { error.isFree } else { false } })
            }
        }
    }

    /// A record that is there under another id is known by its e-mail; one that no answer is for is not a success.
    @Test func anAnswerUnderAnotherIDIsFoundByWhatIsUnique() async throws {
        let target = try FakeTarget(
            then: TwentyFixture.json(
                201, #"{"data":{"createPeople":[{"id":"old","emails":{"primaryEmail":"ada@example.com"}}]}}"#))
        try await TwentyFixture.withClient(target) { client, _ in
            let results = await client.upsert(
                .people,
                [
                    ["id": .string("new"), "emails": .object(["primaryEmail": .string("Ada@example.com")])],
                    ["id": .string("lost")],
                ])
            guard case .success(let record) = results[0], case .failure(let error) = results[1] else {
                Issue.record("\(results)")
                return
            }
            #expect(record.id == "old" && error.code == .serverError)
        }
    }

    @Test func noBatchIsNoCall() async throws {
        let target = try FakeTarget()
        try await TwentyFixture.withClient(target) { client, _ in
            #expect(await client.upsert(.people, []).isEmpty && target.requests.isEmpty)
        }
    }

    // MARK: Buckets

    @Test func allKeysOfAWorkspaceShareItsLimit() throws {
        func bucket(_ key: String, workspace: String? = nil) throws -> String {
            TwentyBucket.name(
                of: try ServiceAddress(
                    name: "t", url: "https://CRM.example/x", token: WebhookSecret(key), isNamedByOperator: true),
                workspace: workspace)
        }
        let id = "20202020-1c25-4d02-bf25-6aeccf7ea419"
        func token(_ name: String) -> String {
            let claims = #"{"sub":"\#(name)","type":"API_KEY","workspaceId":"\#(id)"}"#
            let text = Base64.encode(Array(claims.utf8)).filter { $0 != "=" }
            return "h.\(text.map { $0 == "+" ? "-" : $0 == "/" ? "_" : String($0) }.joined()).s"
        }
        #expect(try bucket(token("one")) == "crm.example:443 \(id)")
        #expect(try bucket(token("another")) == "crm.example:443 \(id)")
        #expect(try bucket("plain") != bucket("other"))
        #expect(try bucket("plain").contains("plain") == false)
        #expect(try bucket("plain", workspace: "w") == "crm.example:443 w")
    }
}
