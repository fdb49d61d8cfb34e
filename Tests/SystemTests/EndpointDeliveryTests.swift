import Basics
import Curl
import TestKit
import Testing

extension SystemTests {
    /// Events on their way to subscriptions.
    @Suite(.product()) struct EndpointDeliveryTests {
        private func delete(_ product: Product, _ id: String) async throws {
            _ = try await product.client.send(.delete, "/v1/endpoints/\(id)")
        }

        private func dead(_ product: Product, _ job: String) async throws -> String {
            let job = try await product.client.job(job, toBe: "dead")
            return job["last_error"]?.string ?? job["why"]?.string ?? ""
        }

        @Test func anObjectEventGoesToItsSubscriptionsOnly() async throws {
            let product = try currentProduct()
            let (people, companies) = (try FakeTarget(), try FakeTarget())
            let object = Samples.objectName()
            let first = try await product.makeEndpoint(people, ["\(object).*"])
            let second = try await product.makeEndpoint(
                companies, ["\(Samples.objectName()).*", "*.destroyed"])
            let id = Samples.name("p")
            let event =
                #"{"id":"\#(id)","type":"\#(object).created","domain_name":"d","workspace_id":"w","data":{"id":"\#(id)","n":1.50}}"#
            let job = try #require(try await product.accept(Samples.record(object), making: 1).first)
            try await product.client.job(job, toBe: "done")
            let jobs = try await product.client.accept(event)
            #expect(jobs.count == 1)
            try await product.client.job(jobs[0], toBe: "done")
            let request = try #require(people.requests.last)
            #expect(request.method == "POST" && request.header("Content-Type") == "application/json")
            #expect(request.header("webhook-id") == "msg_\(jobs[0])")
            #expect(try request.isSigned(with: first.secret))
            #expect(try !request.isSigned(with: second.secret))
            let body = try #require(try JSONParser.parse(request.body).object)
            #expect(body["id"]?.string == id && body["webhookId"]?.string == first.id)
            #expect(body["operation"]?.string == "\(object).created" && body["workspaceId"]?.string == "w")
            #expect(request.text.contains(#""record":{"id":"\#(id)","n":1.50},"previousRecord":null"#))
            #expect(companies.requests.isEmpty)
            let both = try await product.client.accept(Samples.record(object, "destroyed", id: id))
            #expect(both.count == 2)
            for job in both { try await product.client.job(job, toBe: "done") }
            // The same event again is a duplicate, and delivers nothing.
            #expect(try await product.client.accept(event) == jobs)
            #expect(people.requests.count == 3 && companies.requests.count == 1)
            for made in [first, second] { try await delete(product, made.id) }
        }

        /// A Hub event is pushed to the CRM targets of its account and goes to the subscriptions too.
        @Test func everyEventGoesToSubscriptionsToo() async throws {
            let product = try currentProduct()
            let (crm, target) = (try FakeTarget(), try FakeTarget())
            let account = try await product.makeAccount(crm)
            let made = try await product.makeEndpoint(
                target, ["call.completed"],
                #""format":"event","filter":{"conditions":{"event.domain_name":"\#(account)","status":"completed"}}"#)
            let event = Samples.completed(Samples.name("e"), of: account)
            let jobs = try await product.accept(event, making: 2)
            for job in jobs { try await product.client.job(job, toBe: "done") }
            let request = try #require(try await target.requests(1).first)
            #expect(request.text.contains(#""event":"call.completed""#) && request.text.contains(account))
            #expect(try request.isSigned(with: made.secret))
            #expect(crm.requests.count >= 1)
            #expect(try await product.client.accept(Samples.completed("x", of: "other.example")).isEmpty)
            try await delete(product, made.id)
        }

        @Test func everyAttemptSendsTheSameBodySignedAnew() async throws {
            let product = try currentProduct()
            let target = try FakeTarget(answers: [.status(500), .reset, .late(status: 200, milliseconds: 1)])
            let object = Samples.objectName()
            let made = try await product.makeEndpoint(
                target, ["\(object).*"], #""retry":{"schedule_seconds":[1.1,0.1]},"headers":{"X-Tenant":"t-1"}"#)
            let job = try #require(try await product.accept(Samples.record(object), making: 1).first)
            try await product.client.job(job, toBe: "done")
            let requests = try await target.requests(3)
            #expect(requests.count == 3 && Set(requests.map(\.body)).count == 1)
            #expect(Set(requests.compactMap { $0.header("webhook-id") }) == ["msg_\(job)"])
            #expect(Set(requests.compactMap { $0.header("X-Tenant") }) == ["t-1"])
            #expect(requests[0].header("webhook-timestamp") != requests[1].header("webhook-timestamp"))
            for request in requests { #expect(try request.isSigned(with: made.secret)) }
            try await delete(product, made.id)
        }

        /// Whatever its owner changes in between: what was sent once is what is sent again.
        @Test func aFailedAttemptDecidesWhatLaterOnesSend() async throws {
            let product = try currentProduct()
            let target = try FakeTarget(answers: [.status(500)])
            let object = Samples.objectName()
            let made = try await product.makeEndpoint(
                target, ["\(object).*"], #""retry":{"attempts":2,"delay_seconds":4}"#)
            let job = try #require(try await product.accept(Samples.record(object), making: 1).first)
            _ = try await target.requests(1)
            _ = try await product.client.send(
                .patch, "/v1/endpoints/\(made.id)", body: Array(#"{"format":"raw"}"#.utf8))
            try await product.client.job(job, toBe: "done")
            let requests = try await target.requests(2)
            #expect(requests.count == 2 && requests[0].body == requests[1].body)
            // The change has arrived by now.
            let other = try #require(try await product.accept(Samples.record(object), making: 1).first)
            try await product.client.job(other, toBe: "done")
            #expect(target.requests.last?.text.contains("webhookId") == false)
            try await delete(product, made.id)
        }

        @Test func aRotatedSecretSignsBesideTheNewOne() async throws {
            let product = try currentProduct()
            let target = try FakeTarget()
            let object = Samples.objectName()
            let made = try await product.makeEndpoint(target, ["\(object).*"])
            _ = try await product.accept(Samples.record(object), making: 1)
            let rotated = try await product.endpoint(made.id, "rotate-secret")
            let second = try #require(rotated.object["secret"]?.string)
            product.addSecret(second)
            try await Waiting.until("two signatures", within: .seconds(10)) {
                let job = try await product.client.acceptOne(Samples.record(object))
                try await product.client.job(job, toBe: "done")
                return target.requests.last?.header("webhook-signature")?.split(separator: " ").count == 2
            }
            let request = try #require(target.requests.last)
            #expect(try request.isSigned(with: made.secret))
            #expect(try request.isSigned(with: second))
            _ = try await product.endpoint(made.id, "rotate-secret", #"{"overlap_seconds":0}"#)
            try await Waiting.until("the old ones to sign no more", within: .seconds(10)) {
                let job = try await product.client.acceptOne(Samples.record(object))
                try await product.client.job(job, toBe: "done")
                return try target.requests.last?.isSigned(with: second) == false
            }
            try await delete(product, made.id)
        }

        @Test(arguments: ["twenty", "twenty-documented", "body", "secret-header", "none"])
        func otherSchemes(_ scheme: String) async throws {
            let product = try currentProduct()
            let target = try FakeTarget()
            let made = try await product.makeEndpoint(target, ["company.*"], #""signing":"\#(scheme)""#)
            let event = #"{"type":"company.updated","domain_name":"d","data":{"scheme":"\#(scheme)"}}"#
            let made2 = try await Waiting.value("a delivery", within: .seconds(10)) { () -> TargetRequest? in
                _ = try await product.client.accept(event)
                return target.requests.first
            }
            let expected: [String: [String]] = [
                "twenty": ["X-Twenty-Webhook-Signature", "X-Twenty-Webhook-Timestamp", "X-Twenty-Webhook-Nonce"],
                "twenty-documented": ["X-Twenty-Signature", "X-Twenty-Timestamp"], "body": ["X-Twenty-Signature"],
                "secret-header": ["X-Aventora-Webhook-Secret"], "none": [],
            ]
            let names = made2.headers.map(\.name).filter { $0.hasPrefix("X-") }
            #expect(names == expected[scheme])
            if scheme == "secret-header" { #expect(made2.header("X-Aventora-Webhook-Secret") == made.secret) }
            try await delete(product, made.id)
        }

        @Test func aRedirectIsFinalAndShowsWhereItLeads() async throws {
            let product = try currentProduct()
            let target = try FakeTarget(answers: [.status(301, (name: "Location", value: "https://moved.example/x"))])
            let made = try await product.makeEndpoint(target, ["deal.created"], Samples.quickRetry)
            let event = #"{"type":"deal.created","domain_name":"d"}"#
            let job = try #require(try await product.accept(event, making: 1).first)
            #expect(try await dead(product, job).contains("https://moved.example/x"))
            #expect(target.requests.count == 1)
            try await delete(product, made.id)
        }

        @Test func aBusyTargetHoldsItsLane() async throws {
            let product = try currentProduct()
            let target = try FakeTarget(answers: [.status(429, (name: "Retry-After", value: "2"))])
            let made = try await product.makeEndpoint(
                target, ["task.created"], #"\#(Samples.quickRetry),"max_in_flight":1"#)
            let event = #"{"type":"task.created","domain_name":"d"}"#
            let first = try #require(try await product.accept(event, making: 1).first)
            _ = try await target.requests(1)
            let second = try await product.client.acceptOne(event)
            for job in [first, second] { try await product.client.job(job, toBe: "done") }
            let requests = try await target.requests(3)
            let gaps = requests.dropFirst().map { $0.arrival - requests[0].arrival }
            #expect(gaps.allSatisfy { $0 >= .milliseconds(1_900) && $0 < .seconds(12) }, "\(gaps)")
            try await delete(product, made.id)
        }

        @Test func aTestShowsThatDeliveriesArrive() async throws {
            let product = try currentProduct()
            let target = try FakeTarget(answers: Array(repeating: .status(500), count: 6))
            let made = try await product.makeEndpoint(target, ["note.created"], Samples.quickRetry)
            // However often a test fails, it is no reason to park.
            for _ in 0..<6 {
                let failing = try await product.endpoint(made.id, "test")
                #expect(failing.status == 202)
                try await product.client.job(try #require(failing.object["id"]?.string), toBe: "dead")
            }
            #expect(try await product.endpoint(made.id)["failures_in_a_row"]?.integer == 0)
            let good = try await product.endpoint(made.id, "test")
            try await product.client.job(try #require(good.object["id"]?.string), toBe: "done")
            #expect(target.requests.count == 7)
            #expect(target.requests.last?.text.contains(#""operation":"endpoint.test""#) == true)
            #expect(try target.requests.last?.isSigned(with: made.secret) == true)
            let stats = try await product.client.get("/v1/endpoints/\(made.id)/stats")
            #expect(stats.status == 200 && stats.object["waiting"]?.integer == 0)
            #expect(stats.object["max_in_flight"]?.integer == 64 && stats.object["parked"] == .null)
            try await delete(product, made.id)
        }

        @Test func changesAreSeenEverywhereWithinTwoSeconds() async throws {
            let product = try currentProduct()
            let (old, new) = (try FakeTarget(), try FakeTarget())
            let made = try await product.makeEndpoint(old, ["lead.created"])
            let event = #"{"type":"lead.created","domain_name":"d"}"#
            for job in try await product.accept(event, making: 1) { try await product.client.job(job, toBe: "done") }
            let change = #"{"url":"\#(new.url())"}"#
            _ = try await product.client.send(.patch, "/v1/endpoints/\(made.id)", body: Array(change.utf8))
            try await Waiting.until("the new address to be used", within: .seconds(10)) {
                _ = try await product.client.accept(event)
                return !new.requests.isEmpty
            }
            try await delete(product, made.id)
            _ = try await product.accept(event, making: 0)
        }

        /// Gone: parked at once. What comes meanwhile waits, and goes out in order when somebody switches it on.
        @Test func goneMeansParkedAndNothingIsLost() async throws {
            let product = try currentProduct()
            let target = try FakeTarget(answers: [.status(410)])
            let made = try await product.makeEndpoint(
                target, ["visit.created"], #"\#(Samples.quickRetry),"format":"raw""#)
            func event(_ number: Int) -> String { #"{"type":"visit.created","domain_name":"d","n":\#(number)}"# }
            var jobs = try await product.accept(event(0), making: 1)
            // What had started by then may go out in another order, so nothing starts before the lane is held.
            try await Waiting.until("it to be parked and its lane to be held") {
                let stats = try await product.client.get("/v1/endpoints/\(made.id)/stats").object
                return stats["status"]?.string == "parked" && stats["held_until"]?.string != nil
            }
            for number in 1...20 { jobs.append(try await product.client.acceptOne(event(number))) }
            let stats = try await product.client.get("/v1/endpoints/\(made.id)/stats").object
            #expect(stats["parked"]?.object?["reason"]?.string?.contains("410") == true)
            #expect(target.requests.count == 1)
            #expect(try await product.endpoint(made.id, "enable").object["status"]?.string == "active")
            for job in jobs { try await product.client.job(job, toBe: "done") }
            let numbers = try target.requests.dropFirst().map { try JSONParser.parse($0.body).object?["n"]?.integer }
            #expect(numbers == (0...20).map { Int64($0) })
            #expect(try await product.client.job(jobs[0])["attempts"]?.integer == 1)
            try await delete(product, made.id)
        }

        @Test func whatCannotBeDeliveredSaysWhy() async throws {
            let product = try currentProduct()
            let target = try FakeTarget(answers: [.hang], then: .status(200))
            let made = try await product.makeEndpoint(target, ["memo.created"], Samples.quickRetry)
            let big =
                #"{"type":"memo.created","domain_name":"d","data":{"x":"\#(String(repeating: "y", count: 1_000_000))"}}"#
            let job = try #require(try await product.accept(big, making: 1).first)
            #expect(try await dead(product, job).contains("1000000 are delivered"))
            let off = try await product.client.send(
                .patch, "/v1/endpoints/\(made.id)", body: Array(#"{"enabled":false}"#.utf8))
            #expect(off.status == 200)
            _ = try await product.accept(#"{"type":"memo.created","domain_name":"d"}"#, making: 0)
            #expect(try await product.endpoint(made.id, "test").status == 409)
            try await delete(product, made.id)
        }
    }
}
