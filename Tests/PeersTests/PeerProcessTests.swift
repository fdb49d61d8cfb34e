import Basics
import Crypto
import Curl
import TestKit
import Testing

/// The process, over sockets.
@Suite(.timeLimit(.minutes(1)))
struct PeerProcessTests {
    @Test func steersFaults() async throws {
        try await Peers.run { peers in
            let key = Peers.Secret.workspaceKey
            func status(_ path: String = "/rest/people") async throws -> Int {
                try await peers.send(.twenty, .get, path, token: key).status
            }
            try await peers.fault(
                .twenty, #"{"mode":"status","status":502,"body":{"a":1},"headers":{"Retry-After":"7"},"count":1}"#,
                #"{"path_prefix":"/rest/companies","mode":"html"}"#, #"{"method":"POST","mode":"reset","count":1}"#,
                #"{"method":"PATCH","mode":"garbage"}"#, #"{"method":"DELETE","mode":"lie"}"#)
            let failed = try await peers.send(.twenty, .get, "/rest/people", token: key)
            #expect(failed.status == 502)
            #expect(failed.text == #"{"a":1}"#)
            #expect(failed.header("Retry-After") == "7")
            #expect(try await status() == 200)
            let page = try await peers.send(.twenty, .get, "/rest/companies", token: key)
            #expect(page.status == 502)
            #expect(page.text.hasPrefix("<html>"))
            await #expect(throws: CurlError.self) { try await peers.send(.twenty, .post, "/rest/people", body: "{}") }
            #expect(try await peers.send(.twenty, .post, "/rest/people", body: "{}", token: key).status == 201)
            await #expect(throws: CurlError.self) { try await peers.send(.twenty, .patch, "/rest/people/x") }
            #expect(try await peers.send(.twenty, .delete, "/rest/people/x", token: key).status == 200)
            try await peers.clearFaults(.twenty)
            #expect(try await peers.send(.twenty, .delete, "/rest/people/x", token: key).status == 400)
            #expect(try await peers.send(.twenty, .put, "/_peer/faults", body: #"{"faults":[{}]}"#).status == 422)
        }
    }

    @Test func losesTheAnswerOfWorkThatWasDone() async throws {
        try await Peers.run { peers in
            try await peers.fault(.twenty, #"{"method":"POST","mode":"status","status":500,"performs":true,"count":1}"#)
            let token = Peers.Secret.workspaceKey
            let reply = try await peers.send(
                .twenty, .post, "/rest/people", body: #"{"city":"Oslo"}"#, token: token)
            #expect(reply.status == 500)
            #expect(try await peers.records("people").count == 1)
        }
    }

    @Test func delaysAndHangs() async throws {
        try await Peers.run { peers in
            try await peers.fault(
                .hub, #"{"path_prefix":"/integration","mode":"delay","delay_ms":300,"count":1}"#, #"{"mode":"hang"}"#)
            let start = ContinuousClock.now
            #expect(try await peers.send(.hub, .get, "/integration/engagement/x", token: "wrong").status == 401)
            #expect(ContinuousClock.now - start >= .milliseconds(300))
            let curl = CurlClient()
            await #expect(throws: CurlError.self) {
                try await curl.send(
                    CurlRequest(method: .get, url: peers.url(.hub, "/healthz"), totalTimeoutMilliseconds: 300))
            }
            await curl.shutdown()
        }
    }

    @Test func keepsCalls() async throws {
        try await Peers.run { peers in
            _ = try await peers.send(.chatbot, .post, "/auth/login?a=1", body: #"{"username":"x"}"#, token: "t")
            _ = try await peers.send(.chatbot, .get, "/nowhere")
            let calls = try await peers.calls(.chatbot)
            #expect(calls.map { $0["path"]?.string } == ["/auth/login", "/nowhere"])
            #expect(calls[0]["query"] == .string("a=1"))
            #expect(calls[0]["status"] == .number("401"))
            #expect(calls[0]["headers"]?.object?["authorization"] == .string("Bearer t"))
            #expect(calls[0]["body"]?.object?["username"] == .string("x"))
            #expect(try await peers.calls(.chatbot, under: "/nowhere").count == 1)
            try await peers.clearCalls(.chatbot)
            #expect(try await peers.calls(.chatbot).isEmpty)
            #expect(try await peers.calls(.hub).isEmpty)
        }
    }

    @Test func movesItsClock() async throws {
        try await Peers.run(["--tips-agents", "1", "--tips-clients", "2"]) { peers in
            let form = "grant_type=client_credentials&client_id=peers-tips&client_secret=peers-tips-secret"
            let type = (name: "Content-Type", value: "application/x-www-form-urlencoded")
            let grant = try await peers.send(.tips, .post, "/oauth/token", body: form, headers: [type])
            let token = grant.object["access_token"]?.string
            #expect(try await peers.send(.tips, .get, "/agents/1/clients", token: token).status == 200)
            try await peers.advance(.tips, seconds: 3_601)
            #expect(try await peers.send(.tips, .get, "/agents", token: token).status == 401)
        }
    }

    @Test func tellsWebhooks() async throws {
        let target = try FakeTarget()
        defer { target.stop() }
        let environment = ["TWENTY_INBOUND_SECRETS": "s3cret,older"]
        try await Peers.run(["--twenty-webhook", target.url("/in")], environment: environment) { peers in
            let token = Peers.Secret.workspaceKey
            let made = try await peers.send(.twenty, .post, "/rest/people", body: #"{"city":"Oslo"}"#, token: token)
            let id = made.object["data"]?.object?["createPerson"]?.object?["id"]?.string ?? ""
            _ = try await peers.send(.twenty, .patch, "/rest/people/\(id)", body: #"{"city":"Rome"}"#, token: token)
            // Nothing changed: nothing is told.
            _ = try await peers.send(.twenty, .patch, "/rest/people/\(id)", body: #"{"city":"Rome"}"#, token: token)
            _ = try await peers.send(.twenty, .delete, "/rest/people/\(id)", token: token)
            let requests = try await target.requests(3)
            let bodies = try requests.map { try JSONParser.parse($0.body).object ?? JSONObject() }
            #expect(
                Set(bodies.compactMap { $0["eventName"]?.string })
                    == ["person.created", "person.updated", "person.destroyed"])
            let update = bodies.first { $0["eventName"] == .string("person.updated") }
            #expect(update?["updatedFields"] == .array([.string("city")]))
            for request in requests {
                let stamp = request.header("X-Twenty-Webhook-Timestamp") ?? ""
                #expect(stamp.count == 13)
                let signed = Array("\(stamp):".utf8) + request.body
                let code = HMAC<SHA256>.authenticationCode(
                    for: signed, using: SymmetricKey(data: Array("s3cret".utf8)))
                #expect(request.header("X-Twenty-Webhook-Signature") == Hexadecimal.encode(code))
                #expect(request.header("X-Twenty-Webhook-Nonce")?.count == 32)
            }
        }
    }

    @Test func endsBySignal() async throws {
        let peers = try await Peers.start()
        await peers.stop()
        let curl = CurlClient()
        await #expect(throws: CurlError.self) {
            try await curl.send(CurlRequest(method: .get, url: peers.url(.hub, "/healthz")))
        }
        await curl.shutdown()
    }
}
