import Basics
import Curl
import Postgres
import TestKit
import Testing

extension SystemTests {
    /// Engagements with the peers: people as Twenty has them, and a Hub of its own mind.
    @Suite struct EngagementPeersTests {
        private static let ann = "7d0a1c52-5a3e-4c1b-9a55-0b6f7d9d3a01"
        private static let bob = "7d0a1c52-5a3e-4c1b-9a55-0b6f7d9d3a02"
        private static let cleo = "7d0a1c52-5a3e-4c1b-9a55-0b6f7d9d3a03"
        private static let nobody = "7d0a1c52-5a3e-4c1b-9a55-0b6f7d9d3a09"

        private func withPeers(_ body: (Product, Peers) async throws -> Void) async throws {
            try await Peers.run { peers in
                try await peers.setState(
                    .twenty,
                    """
                    {"workspaces":[{"fields":{"person":[{"name":"doNotContact","type":"BOOLEAN"}]},"people":[
                    {"id":"\(Self.ann)","phones":{"primaryPhoneNumber":"4165550100","primaryPhoneCallingCode":"+1",
                    "primaryPhoneCountryCode":"CA","additionalPhones":[{"number":"4165550101","callingCode":"+1",
                    "countryCode":"CA"}]},"emails":{"primaryEmail":"ann@example.com","additionalEmails":[]}},
                    {"id":"\(Self.bob)","emails":{"primaryEmail":"bob@example.com","additionalEmails":[]}},
                    {"id":"\(Self.cleo)","doNotContact":true,"phones":{"primaryPhoneNumber":"4165550102",
                    "primaryPhoneCallingCode":"+1","primaryPhoneCountryCode":"CA","additionalPhones":[]}}]}]}
                    """)
                let environment = [
                    "AVENTORA_BASE_URL": peers.url(.hub), "AVENTORA_API_KEY": Peers.Secret.hubKey,
                    "AVENTORA_ASSIGNED_DOMAIN": "acme.example", "TWENTY_CRM_BASE_URL": peers.url(.twenty),
                    "TWENTY_CRM_API_KEY": Peers.Secret.workspaceKey, "TWENTY_CRM_ENABLED": "true",
                    "TWENTY_CRM_SYNC_MODE": "direct_crm",
                ]
                try await withProduct(ProductOptions(environment: environment)) { product in
                    try await body(product, peers)
                }
            }
        }

        private func start(_ person: String, _ members: String, _ product: Product) async throws -> ProductReply {
            let more = members.isEmpty ? "" : "," + members
            return try await product.client.send(
                .post, "/rest/aventora/start-engagement", body: Array(#"{"personId":"\#(person)"\#(more)}"#.utf8))
        }

        @Test func peopleAreAsTwentyHasThem() async throws {
            try await withPeers { product, peers in
                let reply = try await start(Self.ann, #""contactIdentifier":"+1 416 555 0101""#, product)
                #expect(reply.status == 202, "\(reply.text)")
                try await product.client.job(try #require(reply.object["jobId"]?.string), toBe: "done")
                let engagements = try await peers.state(.hub)["engagements"]?.array ?? []
                #expect(engagements.count == 1)
                let request = engagements.first?.object?["request"]?.object
                #expect(request?["phone_number"]?.string == "+14165550101")
                #expect(request?["source_record_id"]?.string == Self.ann)
                // What the request says of contacts does not count where Twenty is asked.
                let foreign = try await start(
                    Self.bob, #""phone":"+19995550100","contactIdentifier":"+19995550100""#, product)
                #expect(foreign.status == 422, "\(foreign.text)")
                let mail = try await start(Self.bob, "", product)
                #expect(mail.status == 202 && mail.object["channel"]?.string == "email", "\(mail.text)")
                let left = try await start(Self.cleo, "", product)
                #expect(left.status == 422 && left.text.contains("does not want to be contacted"), "\(left.text)")
                for person in [Self.nobody, "no-uuid"] {
                    let reply = try await start(person, #""phone":"+14165550100""#, product)
                    #expect(reply.status == 422, "\(reply.text)")
                    #expect(
                        reply.object["errors"]?.array?.first?.object?["pointer"]?.string == "/personId")
                }
            }
        }

        @Test func whileTwentyIsAwayNobodyIsEngagedAndABulkWaits() async throws {
            try await withPeers { product, peers in
                try await peers.fault(.twenty, #"{"path_prefix":"/rest/people","mode":"status","status":503}"#)
                let away = try await start(Self.ann, "", product)
                #expect(away.status == 503 && away.header("Retry-After") != nil, "\(away.text)")
                let bulk = try await product.ask(
                    .post, "/rest/aventora/bulk-engagement",
                    #"{"personIds":["\#(Self.ann)","\#(Self.bob)","\#(Self.cleo)","\#(Self.nobody)"],"pacePerMinute":600}"#,
                    status: 202)
                let id = try #require(bulk["id"]?.string)
                try await Waiting.until("the bulk to ask for the first") {
                    try await peers.calls(.twenty, under: "/rest/people/\(Self.ann)").count >= 2
                }
                #expect(try await product.ask(.get, "/v1/engagements/bulk/\(id)")["waiting"]?.integer == 4)
                try await peers.clearFaults(.twenty)
                let done = try await product.bulk(id, toBe: "done with all started") {
                    $0["state"]?.string == "done" && $0["engagements"]?.object?["started"]?.integer == 2
                }
                let reasons = done["skipped_by_reason"]?.object
                #expect(reasons?["do_not_contact"]?.integer == 1 && reasons?["unknown_person"]?.integer == 1)
            }
        }

        /// The answer to a start is lost after the Hub has done its work, and then the Hub is away for a while.
        @Test func theHubsEndOfItIsFoundByAsking() async throws {
            try await withPeers { product, peers in
                try await peers.fault(
                    .hub, #"{"path_prefix":"/integration/start","mode":"reset","performs":true,"count":1}"#)
                let reply = try await start(Self.ann, "", product)
                let id = try #require(reply.object["id"]?.string)
                try await product.client.job(
                    try #require(reply.object["jobId"]?.string), toBe: "done", within: .seconds(40))
                #expect(try await peers.state(.hub)["engagements"]?.array?.count == 1)
                try await peers.setState(.hub, #"{"completes_after_seconds":60}"#)
                try await peers.advance(.hub, seconds: 61)
                try await peers.fault(.hub, #"{"path_prefix":"/integration/engagement","mode":"garbage","count":1}"#)
                _ = try await product.client.send(
                    .post, "/v1/jobs",
                    body: Array(
                        #"{"kind":"engagement.reconcile","args":{"quiet_seconds":0},"retry_delay_seconds":1}"#.utf8))
                let over = try await product.engagement(id, toBe: "completed")
                #expect(over["outcome"]?.string == "Answered" && over["summary"]?.string == "They spoke.")
                // The Hub forgets the next one.
                let second = try await start(Self.ann, "", product)
                let next = try #require(second.object["id"]?.string)
                try await product.client.job(try #require(second.object["jobId"]?.string), toBe: "done")
                let engagement = try #require(
                    try await product.ask(.get, "/v1/engagements/\(next)")["engagement_id"]?.string)
                try await peers.setState(.hub, #"{"forget":["\#(engagement)"]}"#)
                try await product.runJob("engagement.reconcile", #"{"quiet_seconds":0}"#)
                try await product.engagement(next, toBe: "Broken")
            }
        }
    }
}
