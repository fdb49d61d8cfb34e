import Basics
import Curl
import Guard
import Logging
import Queue
import TestKit
import Testing
import Threads

@testable import Jobs

@Suite(.timeLimit(.minutes(2)))
struct BootstrapTests {
    private static let jane = CallContact.Initiator(userID: "u-1", email: "jane@x.example", phone: "+15551234567")
    private static let answer = """
        {"workspaceMemberId":"m-1","displayName":"Jane Agent","personWallScopeFieldName":"tipsAgentId","personWallScopeValue":42}
        """

    private func event(_ data: String) throws -> Event {
        try Sample.event(#"{"type":"call.started","domain_name":"d","call_sid":"c","data":\#(data)}"#)
    }

    private func contact(_ data: String, identifier: String? = nil) throws -> CallContact {
        CallContact(try event(data), identifier: identifier)
    }

    // MARK: Whom the call is with

    @Test func theContactIsWhatTheEventSaysElseTheHub() throws {
        let whole = try contact(
            #"{"contact_identifier":"+1 (416) 707-8887","contact_email":"Ann@X.example","contact_name":"Ann Mary O'Brien","external_user_id":"u","user_email":"Jane@x.example","user_phone_number":"+15551234567"}"#
        )
        #expect(whole.phone?.e164 == "+14167078887" && whole.email == "ann@x.example")
        #expect(whole.firstName == "Ann Mary" && whole.lastName == "O'Brien")
        #expect(
            whole.initiator == .init(userID: "u", email: "jane@x.example", phone: "+15551234567"))
        #expect(try contact("{}", identifier: "+14167078887").phone?.e164 == "+14167078887")
        #expect(try contact("{}", identifier: "a@b.example").email == "a@b.example")
        for text in ["", "anonymous", "5551234567", "a@b", "@b.example", "a b@c.example", "a@b@c.example"] {
            #expect(try !contact(#"{"contact_identifier":"\#(text)"}"#).isReachable, "\(text)")
        }
        let alone = try contact(#"{"contact_name":"Ann"}"#)
        #expect(alone.firstName == "Ann" && alone.lastName == nil && !alone.initiator.isKnown)
    }

    // MARK: Whose the person is to be

    private func withDirectory(
        crm: FakeTarget?, chatbot: FakeTarget?, _ body: (OwnershipDirectory, HandClock) async throws -> Void
    ) async throws {
        let curl = CurlClient()
        let clock = HandClock()
        func service(_ name: String, _ target: FakeTarget?) throws -> ServiceClient? {
            guard let target else { return nil }
            let address = try ServiceAddress(
                name: name, url: target.url(""), token: WebhookSecret("token-of-\(name)"), isNamedByOperator: true)
            return ServiceClient(
                address, client: curl, outbound: AddressGuard(), clock: SystemWallClock(), timeoutMilliseconds: 500)
        }
        do {
            let directory = OwnershipDirectory(
                provisioning: try service("crm", crm), chatbot: try service("chatbot", chatbot), clock: clock,
                logger: Logger(label: "t"))
            try await body(directory, clock)
        } catch {
            await curl.shutdown()
            throw error
        }
        await curl.shutdown()
        for target in [crm, chatbot] { target?.stop() }
    }

    private func ask(
        _ directory: OwnershipDirectory, _ initiator: CallContact.Initiator = jane
    ) async -> OwnershipContext? {
        await directory.context(domainName: "acme.example", workspaceID: "w-1", initiator)
    }

    @Test func theCRMIsAskedOnceInFifteenMinutes() async throws {
        let crm = try FakeTarget(then: FakeWorkspace.json(200, Self.answer))
        let chatbot = try FakeTarget(then: FakeWorkspace.json(200, "{}"))
        try await withDirectory(crm: crm, chatbot: chatbot) { directory, clock in
            for _ in 0..<3 {
                let context = await ask(directory)
                #expect(context?.memberID == "m-1" && context?.displayName == "Jane Agent")
                #expect(context?.scope["tipsAgentId"] == .number("42"))
            }
            #expect(crm.requests.count == 1 && chatbot.requests.isEmpty)
            let request = try #require(crm.requests.first)
            #expect(
                FakeWorkspace.route(request) == "/auth/provision/person-ownership-context" && request.method == "POST")
            #expect(request.header("Authorization") == "Bearer token-of-crm")
            let body = try FakeWorkspace.body(request)
            #expect(body["workspaceId"]?.string == "w-1" && body["email"]?.string == "jane@x.example")
            #expect(body["engagementInitiatorPhone"]?.string == "+15551234567" && body.members.count == 3)
            // Another user, another account, and the same after a quarter of an hour, are asked about again.
            _ = await ask(directory, .init(email: "other@x.example"))
            _ = await directory.context(domainName: "b.example", workspaceID: "w-1", Self.jane)
            #expect(crm.requests.count == 3)
            clock.advance(899_999)
            _ = await ask(directory)
            #expect(crm.requests.count == 3)
            clock.advance(1)
            _ = await ask(directory)
            #expect(crm.requests.count == 4)
        }
    }

    @Test func whenTheCRMIsDownTheChatbotKnows() async throws {
        for crm in [
            try FakeTarget(then: .status(503)), try FakeTarget(then: .reset), try FakeTarget(then: .status(401)), nil,
        ] {
            let chatbot = try FakeTarget(then: FakeWorkspace.json(200, Self.answer))
            try await withDirectory(crm: crm, chatbot: chatbot) { directory, _ in
                #expect(await ask(directory)?.memberID == "m-1")
                let request = try #require(chatbot.requests.first)
                #expect(FakeWorkspace.route(request) == "/stats/domains/acme.example/crm/person-ownership-context")
                #expect(request.header("Authorization") == "Bearer token-of-chatbot")
                #expect(try FakeWorkspace.body(request)["externalUserId"]?.string == "u-1")
                // It is remembered like the CRM's own.
                _ = await ask(directory)
                #expect(chatbot.requests.count == 1)
            }
        }
    }

    /// Nobody can say, so the person stays the system's; and the next call asks again.
    @Test func whenBothAreDownNobodyIsTheOwner() async throws {
        let (crm, chatbot) = (try FakeTarget(then: .hang), try FakeTarget(then: .status(500)))
        try await withDirectory(crm: crm, chatbot: chatbot) { directory, _ in
            #expect(await ask(directory) == nil)
            chatbot.answer(then: FakeWorkspace.json(200, Self.answer))
            #expect(await ask(directory)?.memberID == "m-1")
        }
        try await withDirectory(crm: nil, chatbot: nil) { directory, _ in #expect(await ask(directory) == nil) }
    }

    /// Somebody who is no member: that is an answer, and remembered.
    @Test func whoIsNoMemberOwnsNothing() async throws {
        let crm = try FakeTarget(then: FakeWorkspace.json(200, #"{"workspaceMemberId":null}"#))
        let chatbot = try FakeTarget()
        try await withDirectory(crm: crm, chatbot: chatbot) { directory, _ in
            for _ in 0..<2 { #expect(await ask(directory) == nil) }
            #expect(crm.requests.count == 1 && chatbot.requests.isEmpty)
            // Of nobody nothing is asked; of an id of ours only the chatbot.
            #expect(await ask(directory, .init()) == nil)
            #expect(crm.requests.count == 1)
            _ = await ask(directory, .init(userID: "u-9"))
            #expect(crm.requests.count == 1 && chatbot.requests.count == 1)
        }
    }

    @Test func aWallFieldIsNoFieldOfOurs() throws {
        func scope(_ name: String, _ value: String) throws -> JSONObject? {
            let text =
                #"{"workspaceMemberId":"m","personWallScopeFieldName":"\#(name)","personWallScopeValue":\#(value)}"#
            return OwnershipContext(try #require(try JSONParser.parse(Array(text.utf8)).object))?.scope
        }
        #expect(try scope("tipsAgentId", "42") == ["tipsAgentId": .number("42")])
        #expect(try scope("region", #""east""#) == ["region": .string("east")])
        for (name, value) in [
            ("id", "1"), ("createdBy", "1"), ("emails", "1"), ("a b", "1"), ("", "1"), ("x", "null"), ("x", "{}"),
        ] {
            #expect(try scope(name, value) == [:], "\(name)")
        }
    }

    // MARK: The person

    private func withPeople(_ body: (FakeWorkspace, PersonBootstrap) async throws -> Void) async throws {
        let twenty = try FakeWorkspace()
        try await twenty.withClient { client in
            try await body(twenty, PersonBootstrap(client: client, workspaceID: "w-1"))
        }
    }

    private func context() throws -> OwnershipContext? {
        OwnershipContext(try #require(try JSONParser.parse(Array(Self.answer.utf8)).object))
    }

    @Test func aPersonIsMadeOnceAndIsItsOwners() async throws {
        try await withPeople { twenty, bootstrap in
            let contact = try contact(#"{"contact_identifier":"+14167078887","contact_name":"Ann Doe"}"#)
            let context = try context()
            let first = try await bootstrap.person(contact) { context }
            #expect(first.createdBy == TwentyActor(source: "MANUAL", name: "Jane Agent", workspaceMemberID: "m-1"))
            #expect(first["tipsAgentId"] == .number("42") && first.text("name.lastName") == "Doe")
            let second = try await bootstrap.person(contact) { nil }
            #expect(first.id == second.id && twenty.people.count == 1)
            #expect(twenty.calls.filter { $0.hasPrefix("POST") } == ["POST /rest/people"])
            let other = try await bootstrap.person(try self.contact(#"{"contact_email":"bob@x.example"}"#)) { nil }
            #expect(other.id != first.id && other.createdBy == nil && other.text("name.firstName") == "bob@x.example")
        }
    }

    /// Calls at once from one number make one person.
    @Test func aCreateThatIsRepeatedMakesNoSecondPerson() async throws {
        try await withPeople { twenty, bootstrap in
            let contact = try contact(#"{"contact_identifier":"+14167078887"}"#)
            let people = try await withThrowingTaskGroup(of: String.self) { group in
                for _ in 0..<6 { group.addTask { try await bootstrap.person(contact) { nil }.id } }
                return try await group.reduce(into: Set<String>()) { $0.insert($1) }
            }
            #expect(people.count == 1 && twenty.people.count == 1)
        }
    }

    @Test(arguments: [
        (#""createdBy":{"source":"API","name":"Aventora","workspaceMemberId":null}"#, true),
        (#""createdBy":{"source":"SYSTEM","name":"Aventora"}"#, true), (#""city":"x""#, true),
        (#""createdBy":{"source":"API","name":"X","workspaceMemberId":"m-9"}"#, false),
        (#""createdBy":{"source":"MANUAL","name":"Bob","workspaceMemberId":"m-9"}"#, false),
        (#""createdBy":{"source":"IMPORT","name":"Bob"}"#, false),
    ])
    func aFoundPersonThatIsNobodysGetsItsOwner(actor: String, isPatched: Bool) async throws {
        try await withPeople { twenty, bootstrap in
            let id = "6f1c0d6a-9e2b-4788-8abb-ccddeeff0011"
            try twenty.put(
                #"{"id":"\#(id)","phones":{"primaryPhoneNumber":"4167078887","primaryPhoneCallingCode":"+1"},\#(actor)}"#
            )
            let contact = try contact(#"{"contact_identifier":"+14167078887"}"#)
            let context = try context()
            #expect(try await bootstrap.person(contact) { context }.id == id)
            let person = try #require(twenty.people[id])
            #expect((person.createdBy?.workspaceMemberID == "m-1") == isPatched)
            #expect((person["tipsAgentId"] == .number("42")) == isPatched)
            #expect(person.text("phones.primaryPhoneNumber") == "4167078887")
            #expect(twenty.calls.contains("PATCH /rest/people/\(id)") == isPatched)
            // Without anybody to ask it stays as it is.
            #expect(try await bootstrap.person(contact) { nil }.id == id)
        }
    }

    /// The person was put into the trash by somebody: a new one is made, and it is found from then on.
    @Test func aPersonInTheTrashStaysThere() async throws {
        try await withPeople { twenty, bootstrap in
            let contact = try contact(#"{"contact_identifier":"+14167078887"}"#)
            let first = try await bootstrap.person(contact) { nil }.id
            twenty.store.content.withLock { $0.people[0].isTrashed = true }
            let second = try await bootstrap.person(contact) { nil }.id
            #expect(first != second)
            #expect(try await bootstrap.person(contact) { nil }.id == second)
        }
    }
}

/// A monotonic clock that is moved by hand.
private final class HandClock: MonotonicClock {
    private let now = Locked<Int64>(1_000)

    func advance(_ milliseconds: Int64) { now.withLock { $0 += milliseconds } }

    var nowMilliseconds: Int64 { now.withLock { $0 } }

    func sleep(milliseconds: Int64) async throws { throw CancellationError() }
}
