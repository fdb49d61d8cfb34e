import API
import Foundation
import HTTPTypes
import Hummingbird
import InMemoryLogging
import Logging
import Testing

@Suite(.timeLimit(.minutes(1)))
struct RoutingTests {
    private struct Broken: Error, CustomStringConvertible {
        let description = "password=hunter2 at row 7"
    }

    private func addRoutes(_ routes: inout RouteTable) {
        routes.get("/v1/things/{id}", scope: nil) { _, context in
            JSONResponse.make(Array("\"\(try context.pathParameter("id"))\"".utf8))
        }
        routes.delete("/v1/things/{id}", scope: nil) { _, _ in JSONResponse.noContent() }
        routes.post("/v1/things/all", scope: nil) { _, _ in try JSONResponse.encode(["done": true], status: .accepted) }
        routes.get("/broken", scope: nil) { _, _ in throw Broken() }
        routes.get("/busy", scope: nil) { _, _ in throw Problem.tooManyRequests("queue full", retryAfterSeconds: 3) }
        routes.get("/cancelled", scope: nil) { _, _ in throw CancellationError() }
        routes.get("/bad", scope: nil) { _, _ in
            throw Problem.unprocessable([.init(pointer: "/events/3/type", detail: "expected a known type")])
        }
    }

    @Test
    func answersWhatTheRouteSays() async throws {
        try await TestServer.run(addRoutes) { server in
            let answer = try await server.request("GET", "/v1/things/a%20b%2Fc?x=1")
            #expect(answer.status == 200 && answer.body == "\"a b/c\"")
            #expect(answer.fields["content-type"] == "application/json")
            #expect(answer.fields["server"] == "aventora")
            #expect(answer.fields["x-request-id"]?.isEmpty == false)
            let head = try await server.request("HEAD", "/v1/things/x")
            #expect(head.status == 200 && head.body.isEmpty && head.fields["content-length"] == "3")
            let accepted = try await server.request("POST", "/v1/things/all")
            #expect(accepted.status == 202 && accepted.body == #"{"done":true}"#)
            let bad = try await server.request("GET", "/v1/things/%zz")
            #expect(bad.status == 400)
        }
    }

    @Test(arguments: [
        ("GET", "/", 404, nil), ("GET", "/v1", 404, nil), ("GET", "/v1/things", 404, nil),
        ("PATCH", "/v1/things/x/y", 404, nil), ("PUT", "/v1/things/x", 405, "DELETE, GET, HEAD"),
        ("OPTIONS", "/v1/things/x", 405, "DELETE, GET, HEAD"), ("PROPFIND", "/v1/things/x", 405, "DELETE, GET, HEAD"),
        ("GET", "/v1/things/all", 405, "POST"), ("HEAD", "/nothing", 404, nil), ("POST", "/broken/", 405, "GET, HEAD"),
    ])
    func tellsAnUnknownPathFromAnotherMethod(method: String, path: String, status: Int, allow: String?) async throws {
        try await TestServer.run(addRoutes) { server in
            let answer = try await server.request(method, path)
            #expect(answer.status == status && answer.fields["allow"] == allow)
            #expect(answer.fields["content-type"] == "application/problem+json")
            guard method != "HEAD" else { return #expect(answer.body.isEmpty) }
            let problem = try #require(try JSONSerialization.jsonObject(with: Data(answer.body.utf8)) as? [String: Any])
            #expect(problem["status"] as? Int == status && problem["type"] as? String == "about:blank")
            #expect(problem["title"] as? String == (status == 404 ? "Not Found" : "Method Not Allowed"))
        }
    }

    @Test
    func anUnexpectedErrorIsLoggedAndHidden() async throws {
        try await TestServer.run(addRoutes) { server in
            let answer = try await server.request("GET", "/broken")
            let id = try #require(answer.fields["x-request-id"])
            #expect(answer.status == 500 && answer.body.contains(id) && !answer.body.contains("hunter2"))
            let entry = try #require(server.log.entries.first)
            #expect(entry.level == .error && entry.metadata["request_id"] == "\(id)")
            #expect(entry.metadata["error_detail"] == "password=hunter2 at row 7")
            #expect(entry.metadata["route"] == "/broken")
        }
    }

    @Test
    func aProblemIsAnsweredAsItIs() async throws {
        try await TestServer.run(addRoutes) { server in
            let busy = try await server.request("GET", "/busy")
            #expect(busy.status == 429 && busy.fields["retry-after"] == "3")
            let text = #"{"type":"about:blank","title":"Too Many Requests","status":429,"detail":"queue full"}"#
            #expect(busy.body == text)
            let bad = try await server.request("GET", "/bad")
            let errors = #""errors":[{"pointer":"/events/3/type","detail":"expected a known type"}]}"#
            #expect(bad.status == 422 && bad.body.hasSuffix(errors))
            let cancelled = try await server.request("GET", "/cancelled")
            #expect(cancelled.status == 503 && cancelled.fields["retry-after"] == "1")
            #expect(server.log.entries.isEmpty)
        }
    }

    @Test
    func manyRequestsShareAConnection() async throws {
        try await TestServer.run(addRoutes) { server in
            let text = try await server.connect { connection in
                let request = "GET /v1/things/x HTTP/1.1\r\nHost: test\r\n\r\n"
                try await connection.send(request)
                _ = try await connection.read(until: "\"x\"")
                // The last two are sent together.
                try await connection.send(request + "GET /nothing HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n")
                return try await connection.readToEnd()
            }
            #expect(text.hasPrefix("HTTP/1.1 200") && text.contains("HTTP/1.1 404"))
        }
    }
}
