import Basics
import Curl
import TestKit
import Testing

extension SystemTests {
    /// The settings of record sync, over HTTP.
    @Suite(.serialized, .product(workers: 1, ["TWENTY_CRM_SYNC_MODE": "direct_crm"]))
    struct RecordSyncRouteTests {
        private let product: Product

        init() throws { product = try currentProduct() }

        private func put(_ json: String, token: String? = nil) async throws -> ProductReply {
            let client = token.map { product.client.with(token: $0) } ?? product.client
            return try await client.send(.put, "/v1/crm/config", body: Array(json.utf8))
        }

        private func test(_ json: String = "") async throws -> ProductReply {
            try await product.client.send(.post, "/v1/crm/test", body: json.isEmpty ? nil : Array(json.utf8))
        }

        private static let people = #"{"data":{"people":[]},"totalCount":0,"pageInfo":{"hasNextPage":false}}"#

        private static func twenty() throws -> FakeTarget {
            try FakeTarget(then: .reply(status: 200, headers: [], body: Array(people.utf8)))
        }

        @Test func settingsAreShownWithoutTheKeyAndTakenEverywhere() async throws {
            let before = try await product.client.get("/v1/crm/config")
            #expect(before.status == 200)
            let key = Samples.name("the-secret-api-key")
            product.addSecret(key)
            let twenty = try Self.twenty()
            let url = twenty.url("/crm")
            let saved = try await put(#"{"base_url":"\#(url)","api_key":"\#(key)","enabled":true,"mode":"direct_crm"}"#)
            #expect(saved.status == 200 && !saved.text.contains(key))
            let shown = try await product.client.get("/v1/crm/config")
            #expect(shown.object["base_url"]?.string == url && shown.object["has_api_key"] == .bool(true))
            #expect(shown.object["source"]?.string == "settings" && shown.object["mode"]?.string == "direct_crm")
            #expect(shown.object["updated_by"]?.string?.isEmpty == false && !shown.text.contains(key))
            // Without a key, the stored one stays for its address only.
            #expect(try await put(#"{"base_url":"\#(url)/","enabled":true,"mode":"direct_crm"}"#).status == 200)
            let other = try await put(#"{"base_url":"http://127.0.0.1:9","enabled":true,"mode":"direct_crm"}"#)
            #expect(other.status == 422 && other.text.contains("/api_key"))
            let tested = try await test()
            #expect(tested.status == 200 && tested.object["ok"] == .bool(true), "\(tested.text)")
            #expect(tested.object["latency_ms"]?.integer != nil && tested.object["message"]?.string == "connected")
            #expect(twenty.requests.last?.header("Authorization") == "Bearer \(key)")
            #expect(twenty.requests.last?.path.hasPrefix("/crm/rest/people?") == true)
            // Switched off, a job within seconds ends without a call.
            #expect(try await put(#"{"base_url":"\#(url)","enabled":false,"mode":"direct_crm"}"#).status == 200)
            try await Waiting.until("the worker to have heard of it", within: .seconds(10)) {
                let calls = twenty.requests.count
                let reply = try await product.client.postJob(
                    #"{"kind":"crm.upsert_company","args":{"external_id":"c1","name":"X"}}"#)
                let id = reply.object["id"]?.string ?? ""
                return try await Waiting.value("the job to end") {
                    let state = try await product.client.job(id)["state"]?.string
                    return state == "done"
                        ? twenty.requests.count == calls : state == "dead" || state == "due" ? false : nil
                }
            }
        }

        @Test func badSettingsAndCallersAreRefused() async throws {
            #expect(try await put("{").status == 400)
            #expect(try await put("[]").status == 422)
            let bad = try await put(#"{"base_url":"x","enabled":1,"mode":"y","api_key":"","more":1}"#)
            #expect(bad.status == 422)
            for pointer in ["/base_url", "/enabled", "/mode", "/api_key", "/more"] {
                #expect(bad.text.contains("\"\(pointer)\""))
            }
            let fine = #"{"base_url":"https://x.example","enabled":false,"mode":"disabled"}"#
            #expect(try await put(fine, token: product.tokens.reader).status == 403)
            #expect(try await product.client.with(token: nil).get("/v1/crm/config").status == 401)
            #expect(try await product.client.with(token: product.tokens.reader).get("/v1/crm/config").status == 200)
            // An address that came through the API is judged as a delivery's is.
            let inside = #"{"base_url":"http://169.254.169.254","api_key":"k","enabled":true,"mode":"direct_crm"}"#
            #expect(try await put(inside).status == 422)
            #expect(try await test(#"{"base_url":"http://169.254.169.254","api_key":"k"}"#).status == 422)
        }

        @Test func aTestSaysWhatIsWrong() async throws {
            func tested(_ answer: TargetAnswer) async throws -> JSONObject {
                let target = try FakeTarget(then: answer)
                let reply = try await test(#"{"base_url":"\#(target.url(""))","api_key":"some-key-0123456789"}"#)
                #expect(reply.status == 200 && !reply.text.contains("some-key-0123456789"))
                return reply.object
            }
            let refused = try await tested(.status(401))
            #expect(refused["ok"] == .bool(false) && refused["code"]?.string == "AUTH_ERROR")
            #expect(try await tested(.status(500))["code"]?.string == "SERVER_ERROR")
            #expect(try await tested(.reset)["code"]?.string == "NETWORK_ERROR")
            #expect(try await tested(.status(200))["code"]?.string == "SERVER_ERROR")
            let fine = try await tested(.reply(status: 200, headers: [], body: Array(Self.people.utf8)))
            #expect(fine["ok"] == .bool(true) && fine["code"]?.isNull == true)
        }

        @Test func jobsAreCheckedBeforeTheyAreTaken() async throws {
            for args in [#"{}"#, #"{"external_id":"a","phone":"1"}"#, #"{"external_id":"a","nick":"b"}"#] {
                let reply = try await product.client.postJob(#"{"kind":"crm.upsert_person","args":\#(args)}"#)
                #expect(reply.status == 422, "\(args)")
            }
            let twice = #"{"people":[{"external_id":"a"},{"external_id":"a"}]}"#
            let reply = try await product.client.postJob(#"{"kind":"crm.upsert_batch","args":\#(twice)}"#)
            #expect(reply.status == 422 && reply.text.contains("/args/people/1/external_id"))
            let kinds = try await product.client.get("/v1/kinds").text
            for kind in ["crm.upsert_person", "crm.upsert_company", "crm.upsert_batch"] {
                #expect(kinds.contains(kind))
            }
        }
    }
}
