import Basics
import Command
import Curl
import TestKit
import Testing

extension SystemTests {
    /// What the API refuses, each with its status and what is wrong, and that none of it leaves a trace.
    /// Without a scheduler, whose jobs would be among what is counted.
    @Suite(.product(workers: 0, hasScheduler: false, ["TWENTY_WEBHOOK_URL": "http://127.0.0.1:9/hook"]))
    struct InputTests {
        private let product: Product

        init() throws { product = try currentProduct() }

        /// A body of `POST /v1/events` and the answer to it.
        struct Bad: Sendable, CustomTestStringConvertible {
            let name: String
            let body: [UInt8]
            let status: Int
            /// The pointers of the bad fields; by default the document itself. Nil when there are none.
            let pointers: [String]?
            /// A part of `detail` or of a field's.
            let says: String

            var testDescription: String { name }

            init(_ name: String, _ body: String, _ status: Int, _ pointers: [String]? = [""], says: String) {
                self.init(name, bytes: Array(body.utf8), status, pointers, says: says)
            }

            init(_ name: String, bytes: [UInt8], _ status: Int, _ pointers: [String]? = [""], says: String) {
                (self.name, body, self.status, self.pointers, self.says) = (name, bytes, status, pointers, says)
            }
        }

        /// A good event with more members.
        private static func event(_ members: String) -> String {
            #"{"type":"call.completed","domain_name":"d.example","engagement_id":"e",\#(members)}"#
        }

        private static let good = Samples.completed("e", of: "d.example")
        private static let long = String(repeating: "x", count: 10_000)

        static let bad: [Bad] = [
            Bad("empty", "", 400, says: "empty"),
            Bad("not JSON", "hello", 400, says: "value was expected"),
            Bad("cut off", #"{"type":"call.completed""#, 400, says: "ends too early"),
            Bad("two documents", good + good, 400, says: "follows the end"),
            Bad("single quotes", "{'type':'call.completed'}", 400, says: ""),
            Bad("duplicate key", Self.event(#""type":"call.started""#), 400, ["/type"], says: "twice"),
            Bad("byte order mark", bytes: [0xEF, 0xBB, 0xBF] + Array(good.utf8), 400, says: ""),
            Bad(
                "invalid UTF-8", bytes: Array(#"{"type":""#.utf8) + [0xC3, 0x28] + Array(#""}"#.utf8), 400, ["/type"],
                says: "UTF-8"),
            Bad("lone surrogate", Self.event(#""data":{"a":"\ud800"}"#), 400, ["/data/a"], says: "surrogate"),
            Bad("nesting of 10,000", Self.event(#""data":\#(nested(10_000))"#), 400, [deepest], says: "nested deeper"),
            Bad("a string", #""hello""#, 422, [""], says: "a string"),
            Bad("null", "null", 422, [""], says: "null"),
            Bad("a number in an array", "[\(good),7]", 422, ["/1"], says: "a number"),
            Bad("an empty array", "[]", 422, [""], says: "empty"),
            Bad(
                "1,001 events", "[\(Array(repeating: good, count: 1_001).joined(separator: ","))]", 422, [""],
                says: "1001"),
            Bad("an empty object", "{}", 422, ["/type", "/domain_name"], says: "required"),
            Bad(
                "unknown type", #"{"type":"call.exploded","domain_name":"d","call_sid":"c"}"#, 422, ["/type"],
                says: "type"),
            Bad("a number for type", #"{"type":7,"domain_name":"d","call_sid":"c"}"#, 422, ["/type"], says: "string"),
            Bad("no ids", #"{"type":"call.completed","domain_name":"d"}"#, 422, ["/call_sid"], says: "call_sid"),
            Bad(
                "no engagement", #"{"type":"engagement.updated","domain_name":"d"}"#, 422, ["/engagement_id"], says: ""),
            Bad(
                "no workspace", #"{"type":"workspace.provisioned","domain_name":"d"}"#, 422, ["/workspace_id"], says: ""
            ),
            Bad("an empty id", Self.event(#""id":"""#), 422, ["/id"], says: "empty"),
            Bad("an id of 10,000", Self.event(#""id":"\#(long)""#), 422, ["/id"], says: "10000"),
            Bad("a call of 10,000", Self.event(#""call_sid":"\#(long)""#), 422, ["/call_sid"], says: "255"),
            Bad(
                "a domain of 10,000", #"{"type":"call.completed","call_sid":"c","domain_name":"\#(long)"}"#, 422,
                ["/domain_name"], says: "255"),
            Bad("a NUL", Self.event(#""data":{"a":["x\u0000y"]}"#), 422, ["/data/a/0"], says: "NUL"),
            Bad("a control character", Self.event(#""call_sid":"a\u0007b""#), 422, ["/call_sid"], says: "ontrol"),
            Bad("2^53 + 1", Self.event(#""data":{"a":9007199254740993}"#), 422, ["/data/a"], says: "2^53"),
            Bad("-2^53 - 1", Self.event(#""data":{"a":-9007199254740993}"#), 422, ["/data/a"], says: "2^53"),
            Bad("1e999", Self.event(#""data":{"a":1e999}"#), 422, ["/data/a"], says: "double"),
            Bad("no time", Self.event(#""occurred_at":"yesterday""#), 422, ["/occurred_at"], says: "ISO-8601"),
            Bad("data is no object", Self.event(#""data":[1]"#), 422, ["/data"], says: "object"),
            Bad(
                "bad members of data", Self.event(#""data":{"status":"x","history":{},"summary":5}"#), 422,
                ["/data/summary", "/data/history"], says: "expected"),
            Bad("2 MB", bytes: [UInt8](repeating: UInt8(ascii: " "), count: 2 << 20), 413, nil, says: "1048576"),
        ]

        /// Where nesting ends: 64 levels, of which the event and its data are the first two.
        private static let deepest = "/data" + String(repeating: "/a", count: 63)

        private static func nested(_ depth: Int) -> String {
            String(repeating: #"{"a":"#, count: depth) + "1" + String(repeating: "}", count: depth)
        }

        /// Runs `body` and expects that it left the queues as they were.
        private func enqueuesNothing(_ body: () async throws -> Void) async throws {
            let before = try await product.client.queues()
            #expect(before.values.allSatisfy { $0 == [0, 0, 0, 0] } && !before.isEmpty, "\(before)")
            try await body()
            #expect(try await product.client.queues() == before)
        }

        /// What every refusal has.
        private func expectProblem(_ reply: ProductReply, _ status: Int) {
            #expect(reply.status == status, "\(reply.text.prefix(300))")
            #expect(reply.header("Content-Type") == "application/problem+json")
            #expect(reply.object["status"]?.integer == Int64(status))
            #expect(reply.object["type"]?.string?.isEmpty == false)
            #expect(reply.object["title"]?.string?.isEmpty == false)
            #expect(reply.object["detail"]?.string?.isEmpty == false || reply.object["errors"] != nil)
            #expect(reply.header("x-request-id")?.isEmpty == false)
        }

        @Test(arguments: bad)
        func badBodyIsRefused(bad: Bad) async throws {
            try await enqueuesNothing {
                let reply = try await product.client.send(.post, "/v1/events", body: bad.body)
                expectProblem(reply, bad.status)
                let errors = reply.object["errors"]?.array?.compactMap(\.object)
                #expect(errors?.map { $0["pointer"]?.string } == bad.pointers, "\(reply.text.prefix(500))")
                let texts = [reply.object["detail"]] + (errors ?? []).map { $0["detail"] }
                #expect(texts.contains { $0?.string?.contains(bad.says) ?? false } || bad.says.isEmpty, "\(reply.text)")
                #expect(reply.bytes.count < 4_096)
            }
        }

        @Test(arguments: [nil, "text/plain", "application/x-www-form-urlencoded", "application/json; charset=latin1"])
        func otherContentTypeIs415(type: String?) async throws {
            try await enqueuesNothing {
                let reply = try await product.client.send(
                    .post, "/v1/events", body: Array(Self.good.utf8), contentType: type)
                expectProblem(reply, 415)
            }
        }

        @Test func noTokenAndAWrongOneAre401() async throws {
            let wrong: [String?] = [nil, "wrong", product.tokens.all + "x", String(product.tokens.all.dropLast())]
            try await enqueuesNothing {
                for token in wrong {
                    let reply = try await product.client.with(token: token).post(Self.good)
                    expectProblem(reply, 401)
                    #expect(reply.header("WWW-Authenticate") == "Bearer")
                    #expect(!reply.text.contains(product.tokens.all))
                }
                let basic = try await product.client.with(token: nil)
                    .post(Self.good, headers: [(name: "Authorization", value: "Basic \(product.tokens.all)")])
                expectProblem(basic, 401)
            }
        }

        @Test func tokenWithoutTheScopeIs403() async throws {
            try await enqueuesNothing {
                let reader = product.client.with(token: product.tokens.reader)
                expectProblem(try await reader.post(Self.good), 403)
                expectProblem(try await reader.send(.post, "/v1/dead/retry"), 403)
                let poster = product.client.with(token: product.tokens.poster)
                for path in ["/v1/queues", "/v1/dead", "/v1/jobs/x"] { expectProblem(try await poster.get(path), 403) }
            }
        }

        @Test(arguments: ["/", "/v1", "/v1/event", "/v1/events/", "/v2/events", "/v1/events/x", "/%00", "/..%2f"])
        func unknownRouteIs404(path: String) async throws {
            let reply = try await product.client.send(.post, path, body: Array("[]".utf8))
            // A slash at the end is the same path.
            expectProblem(reply, path == "/v1/events/" ? 422 : 404)
        }

        @Test(arguments: [
            (CurlRequest.Method.get, "/v1/events", "POST"), (.delete, "/v1/queues", "GET, HEAD"),
            (.put, "/v1/jobs/x", "DELETE, GET, HEAD"), (.get, "/rest/aventora/webhook", "POST"),
            (.post, "/healthz", "GET, HEAD"),
        ])
        func otherMethodIs405(method: CurlRequest.Method, path: String, allow: String) async throws {
            let reply = try await product.client.send(method, path)
            expectProblem(reply, 405)
            #expect(reply.header("Allow") == allow)
        }

        @Test(arguments: ["x", "0", "00000000-0000-0000-0000-000000000000", "%F0%9F%98%85"])
        func unknownJobIs404(id: String) async throws {
            expectProblem(try await product.client.get("/v1/jobs/\(id)"), 404)
        }

        @Test(arguments: [
            ("?limit=0", 400), ("?limit=201", 400), ("?limit=x", 400), ("?cursor=x", 400), ("?queue=x", 422),
            ("?target=x", 422), ("?since=x", 422), ("?id=x", 422), ("?nonsense=1", 422),
        ])
        func badFilterIsRefused(query: String, status: Int) async throws {
            expectProblem(try await product.client.get("/v1/dead" + query), status)
        }

        /// A length that is not announced is measured.
        @Test func chunkedOversizeIs413() async throws {
            try await enqueuesNothing {
                let chunk = "10000\r\n" + String(repeating: " ", count: 0x10000) + "\r\n"
                let reply = try await raw(
                    head: "Transfer-Encoding: chunked", body: String(repeating: chunk, count: 40) + "0\r\n\r\n")
                #expect(reply.hasPrefix("HTTP/1.1 413 "), "\(reply.prefix(300))")
                #expect(reply.contains("application/problem+json"))
            }
        }

        @Test(arguments: [
            ("Content-Length: 5\r\nTransfer-Encoding: chunked", "0\r\n\r\n"), ("Content-Length: -1", ""),
            ("Content-Length: 5\r\nContent-Length: 6", "hello"), ("Transfer-Encoding: chunked", "zz\r\n"),
        ])
        func brokenFramingIs400(head: String, body: String) async throws {
            try await enqueuesNothing {
                let reply = try await raw(head: head, body: body)
                #expect(reply.hasPrefix("HTTP/1.1 400 "), "\(reply.prefix(300))")
            }
        }

        private func raw(head: String, body: String) async throws -> String {
            let request = """
                POST /v1/events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer \(product.tokens.all)\r\n\
                Content-Type: application/json\r\n\(head)\r\n\r\n\(body)
                """
            let reply = try await LoopbackClient().exchange(
                port: product.api.port, request: Array(request.utf8), limitMilliseconds: 10_000
            ) { reply in
                // Enough to see the status; the connection is closed by the server or by us.
                reply.count > 12 && String(decoding: reply, as: UTF8.self).contains("\r\n\r\n")
            }
            return String(decoding: reply, as: UTF8.self)
        }

        @Test(arguments: [
            ("{}", 422, ["/engagement_id", "/sent_at"]), ("[]", 422, [""]), ("nonsense", 400, [""]),
            (#"{"engagement_id":"e","sent_at":"soon"}"#, 422, ["/sent_at"]),
            (#"{"engagement_id":"e","sent_at":"2026-01-31T12:00:00Z","history":{}}"#, 422, ["/history"]),
        ])
        func receiverRefusesBadPushes(body: String, status: Int, pointers: [String]) async throws {
            try await enqueuesNothing {
                let reply = try await product.client.send(
                    .post, "/rest/aventora/webhook", body: Array(body.utf8),
                    headers: [(name: "X-Aventora-Webhook-Secret", value: product.tokens.receiver)])
                expectProblem(reply, status)
                let found = reply.object["errors"]?.array?.map { $0.object?["pointer"]?.string ?? "" }
                #expect(Set(found ?? []) == Set(pointers), "\(reply.text)")
            }
        }

        @Test(arguments: ["events=1", "durability=eternal", "durability=Queued"])
        func receiptThatDoesNotExistIsRefused(preference: String) async throws {
            let reply = try await product.client.post(
                "[]", headers: [(name: "Prefer", value: preference)])
            expectProblem(reply, 422)
            let isAboutDurability = reply.object["detail"]?.string?.contains("durability") == true
            #expect(isAboutDurability == (preference != "events=1"))
        }
    }
}
