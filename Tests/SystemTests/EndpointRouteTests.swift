import Basics
import Curl
import Postgres
import TestKit
import Testing

extension SystemTests {
    /// `/v1/endpoints`: what is asked for, what is shown, what never is.
    @Suite(.product()) struct EndpointRouteTests {
        private static let body = #"{"url":"https://hooks.example/a","operations":["person.*","*.deleted"]}"#

        private func pointers(_ reply: ProductReply) -> [String] {
            (reply.object["errors"]?.array ?? []).compactMap { $0.object?["pointer"]?.string }
        }

        @Test func makesShowsChangesAndDeletes() async throws {
            let product = try currentProduct()
            let made = try await product.client.send(.post, "/v1/endpoints", body: Array(Self.body.utf8))
            #expect(made.status == 201 && made.header("Cache-Control") == "no-store")
            let id = try #require(made.object["id"]?.string)
            let secret = try #require(made.object["secret"]?.string)
            product.addSecret(secret)
            #expect(id.hasPrefix("ep_") && secret.hasPrefix("whsec_") && secret.utf8.count == 50)
            let expected: [String: JSONValue] = [
                "format": .string("record"), "signing": .string("standard"), "max_in_flight": .number("64"),
                "rate_per_second": .null, "order_by": .null, "enabled": .bool(true), "status": .string("active"),
                "parked": .null, "description": .null, "filter": .object([:]), "headers": .array([]),
                "operations": .array([.string("person.*"), .string("*.deleted")]),
                "url": .string("https://hooks.example/a"),
            ]
            var shown = try await product.endpoint(id)
            for (key, value) in expected { #expect(shown[key] == value, "\(key)") }
            #expect(shown["secret"] == nil && shown["secrets"]?.array?.count == 1)
            let change =
                #"{"description":"d","retry":{"attempts":2,"delay_seconds":5},"max_in_flight":3,"enabled":false}"#
            let changed = try await product.client.send(.patch, "/v1/endpoints/\(id)", body: Array(change.utf8))
            #expect(changed.status == 200 && changed.object["secret"] == nil)
            shown = try await product.endpoint(id)
            #expect(shown["description"]?.string == "d" && shown["max_in_flight"]?.integer == 3)
            #expect(shown["status"]?.string == "disabled")
            #expect(shown["timetable"]?.array?.count == 2 && shown["operations"] == expected["operations"])
            let enabled = try await product.endpoint(id, "enable")
            #expect(enabled.status == 200 && enabled.object["status"]?.string == "active")
            #expect(try await product.client.send(.delete, "/v1/endpoints/\(id)").status == 204)
            for (method, path) in [
                (CurlRequest.Method.get, ""), (.get, "/stats"), (.delete, ""), (.post, "/enable"), (.post, "/test"),
                (.post, "/rotate-secret"),
            ] {
                let reply = try await product.client.send(method, "/v1/endpoints/\(id)\(path)")
                #expect(reply.status == 404, "\(method) \(path)")
            }
            #expect(try await product.client.send(.patch, "/v1/endpoints/\(id)", body: Array("{}".utf8)).status == 404)
        }

        @Test func aDryRunShowsTheTimetableAndSavesNothing() async throws {
            let product = try currentProduct()
            let body = #"{"url":"https://h.example/","operations":["*.*"],"retry":{"schedule_seconds":[1,59,540]}}"#
            let reply = try await product.client.send(.post, "/v1/endpoints?dry_run=true", body: Array(body.utf8))
            #expect(reply.status == 200 && reply.object["dry_run"] == .bool(true) && reply.object["id"] == .null)
            #expect(reply.object["secret"] == nil)
            let totals = (reply.object["timetable"]?.array ?? []).map { $0.object?["total_seconds"]?.integer }
            #expect(totals == [0, 1, 60, 600])
            let made = try await product.makeEndpoint(try FakeTarget())
            let change = try await product.client.send(
                .patch, "/v1/endpoints/\(made.id)?dry_run=true",
                body: Array(#"{"retry":{"attempts":3,"delay_seconds":10}}"#.utf8))
            #expect(change.status == 200 && change.object["timetable"]?.array?.count == 3)
            #expect(try await product.endpoint(made.id)["timetable"]?.array?.count == 6)
            #expect(
                try await product.client.send(.post, "/v1/endpoints?dry_run=1", body: Array(body.utf8)).status == 400)
            let list = try await product.client.get("/v1/endpoints?limit=200")
            #expect(list.text.contains(made.id) && !list.text.contains("h.example"))
        }

        @Test func pointsAtEveryFault() async throws {
            let product = try currentProduct()
            let body =
                #"{"url":"http://u:p@x/","operations":["nonsense"],"headers":{"Host":"x","X-A":"a\r\nb"},"colour":1}"#
            let reply = try await product.client.send(.post, "/v1/endpoints", body: Array(body.utf8))
            #expect(reply.status == 422 && reply.header("Content-Type") == "application/problem+json")
            #expect(Set(pointers(reply)) == ["/url", "/operations/0", "/headers/Host", "/headers/X-A", "/colour"])
            #expect(try await product.client.send(.post, "/v1/endpoints", body: Array("{".utf8)).status == 400)
            let untyped = try await product.client.send(
                .post, "/v1/endpoints", body: Array("{}".utf8), contentType: "text/plain")
            #expect(untyped.status == 415)
            let made = try await product.makeEndpoint(try FakeTarget())
            let secret = try await product.client.send(
                .patch, "/v1/endpoints/\(made.id)", body: Array(#"{"secret":"x"}"#.utf8))
            #expect(secret.status == 422 && pointers(secret) == ["/secret"])
            for body in [
                #"{"overlap_seconds":-1}"#, #"{"overlap_seconds":604801}"#, #"{"secret":"not base64"}"#, #"{"x":1}"#,
            ] {
                #expect(try await product.endpoint(made.id, "rotate-secret", body).status == 422, "\(body)")
            }
        }

        @Test func scopes() async throws {
            let product = try currentProduct()
            let made = try await product.makeEndpoint(try FakeTarget())
            let reader = product.client.with(token: product.tokens.reader)
            #expect(try await reader.get("/v1/endpoints").status == 200)
            #expect(try await reader.get("/v1/endpoints/\(made.id)").status == 200)
            #expect(try await reader.get("/v1/endpoints/\(made.id)/stats").status == 200)
            #expect(try await reader.send(.post, "/v1/endpoints", body: Array(Self.body.utf8)).status == 403)
            #expect(try await reader.send(.delete, "/v1/endpoints/\(made.id)").status == 403)
            #expect(try await reader.send(.post, "/v1/endpoints/\(made.id)/rotate-secret").status == 403)
            let poster = product.client.with(token: product.tokens.poster)
            #expect(try await poster.get("/v1/endpoints").status == 403)
            #expect(try await product.client.with(token: nil).get("/v1/endpoints").status == 401)
        }

        @Test func listsInPages() async throws {
            let product = try currentProduct()
            let target = try FakeTarget()
            var made: Set<String> = []
            for _ in 0..<5 { made.insert(try await product.makeEndpoint(target).id) }
            var found: [String] = []
            var cursor = ""
            repeat {
                let reply = try await product.client.get("/v1/endpoints?limit=2\(cursor)")
                found += (reply.object["items"]?.array ?? []).compactMap { $0.object?["id"]?.string }
                cursor = reply.object["next_cursor"]?.string.map { "&cursor=\($0)" } ?? ""
            } while !cursor.isEmpty
            #expect(Set(found).isSuperset(of: made) && Set(found).count == found.count && found == found.sorted())
        }

        /// In no answer but the one that made it, and in no table as it is.
        @Test func secretsAreShownOnceAndStoredSealed() async throws {
            let product = try currentProduct()
            let header = Samples.name("token")
            product.addSecret(header)
            let made = try await product.makeEndpoint(
                try FakeTarget(), ["*.*"], #""headers":{"Authorization":"Bearer \#(header)"}"#)
            let rotated = try await product.endpoint(made.id, "rotate-secret")
            let second = try #require(rotated.object["secret"]?.string)
            product.addSecret(second)
            #expect(second != made.secret && rotated.object["secrets"]?.array?.count == 2)
            let given = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX"
            product.addSecret(given)
            let third = try await product.endpoint(
                made.id, "rotate-secret", #"{"secret":"\#(given)","overlap_seconds":0}"#)
            #expect(third.object["secret"]?.string == given && third.object["secrets"]?.array?.count == 1)
            let answers = [
                try await product.client.get("/v1/endpoints?limit=200").text,
                try await product.client.get("/v1/endpoints/\(made.id)").text,
                try await product.client.get("/v1/endpoints/\(made.id)/stats").text,
                try await product.endpoint(made.id, "enable").text,
            ]
            let rows = try await product.database.query(
                PostgresStatement(
                    "dump",
                    """
                    SELECT coalesce(string_agg(e::text, ' '), '') || (SELECT string_agg(s::text, ' ') FROM jobs.endpoint_secrets s)
                        || (SELECT string_agg(encode(sealed, 'escape'), ' ') FROM jobs.endpoint_secrets)
                        || (SELECT string_agg(encode(extras_sealed, 'escape'), ' ') FROM jobs.endpoints) AS text
                    FROM jobs.endpoints e
                    """))
            for text in answers + [try rows[0].string("text")] {
                #expect(text.contains(made.id) || text.contains("ep_"))
                for secret in [made.secret, second, given, header] {
                    #expect(!text.contains(secret) && !text.contains(secret.dropFirst(6)))
                }
            }
        }

        @Test func aSchemeBringsItsSecret() async throws {
            let product = try currentProduct()
            let made = try await product.makeEndpoint(try FakeTarget(), ["*.*"], #""signing":"none""#)
            #expect(made.secret.isEmpty)
            #expect(try await product.endpoint(made.id, "rotate-secret").status == 409)
            func change(_ body: String) async throws -> ProductReply {
                try await product.client.send(.patch, "/v1/endpoints/\(made.id)", body: Array(body.utf8))
            }
            let signed = try await change(#"{"signing":"body"}"#)
            let secret = try #require(signed.object["secret"]?.string)
            product.addSecret(secret)
            #expect(
                try await product.endpoint(made.id, "rotate-secret", #"{"secret":"no base64","overlap_seconds":0}"#)
                    .status == 200)
            let unfit = try await change(#"{"signing":"standard"}"#)
            #expect(unfit.status == 422 && pointers(unfit) == ["/signing"])
            #expect(try await change(#"{"signing":"twenty"}"#).object["secret"] == nil)
        }
    }
}
