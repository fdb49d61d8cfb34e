import Basics
import Postgres
import TestKit
import Testing

extension SystemTests {
    /// Calls whose person cannot be found or made now.
    @Suite(.serialized) struct BootstrapOutageTests {
        /// Twenty takes no more calls, first when the person is looked for, then when it is made: no attempt is spent on it.
        @Test func aLimitPutsTheCallOff() async throws {
            try await withCRM { peers, product in
                let crm = try FakeTarget()
                let account = try await product.makeCallAccount(crm)
                let faults = ["GET", "POST"].map {
                    #"{"path_prefix":"/rest/people","method":"\#($0)","mode":"status","status":429,"headers":{"Retry-After":"1"},"count":1}"#
                }
                try await peers.fault(.twenty, faults[0], faults[1])
                let job = try await product.client.acceptOne(
                    Samples.started("CA-1", of: account, with: "+14165551234"))
                let done = try await product.client.job(job, toBe: "done", within: .seconds(40))
                #expect(done["attempts"]?.integer == 1 && done["deferrals"]?.integer ?? 0 >= 2, "\(done)")
                let people = try await peers.records("people")
                #expect(people.count == 1)
                #expect(try await crm.bodies(1).last?["person_id"] == people.first?["id"])
                let limited = try await peers.calls(.twenty, under: "/rest/people").filter {
                    $0["status"]?.integer == 429
                }
                #expect(limited.count == 2)
                try await product.finishWork(in: "webhooks")
                #expect(crm.requests.count == 1)
            }
        }

        /// How the Hub's settings cannot be read, and how they can again.
        struct Loss: Sendable, CustomTestStringConvertible {
            let testDescription: String
            let there: String
            let back: String
        }

        /// For an account that was read before and for one that nobody has asked for yet.
        @Test(arguments: [
            Loss(
                testDescription: "without its view",
                there: "ALTER VIEW hub.account_settings RENAME TO settings_away",
                back: "ALTER VIEW hub.settings_away RENAME TO account_settings"),
            Loss(
                testDescription: "without a column",
                there: "ALTER VIEW hub.account_settings RENAME COLUMN settings TO away",
                back: "ALTER VIEW hub.account_settings RENAME COLUMN away TO settings"),
        ])
        func settingsThatCannotBeReadAreWaitedFor(loss: Loss) async throws {
            try await withCRM { peers, product in
                let crm = try FakeTarget()
                let (known, new) = (try await product.makeCallAccount(crm), try await product.makeCallAccount(crm))
                let before = try await product.client.acceptOne(
                    Samples.started("CA-0", of: known, with: "+14165550000"))
                try await product.client.job(before, toBe: "done")
                _ = try await crm.requests(1)
                try await product.database.execute(loss.there)
                var jobs: [String] = []
                for (call, account) in [("CA-1", new), ("CA-2", known)] {
                    let job = try await product.client.acceptOne(
                        Samples.started(call, of: account, with: "+14165551234"))
                    jobs.append(job)
                    // By then nothing that was read before is trusted any more.
                    let view = try await Waiting.value("call \(call) to be put off more than once") {
                        let view = try await product.client.job(job)
                        return view["deferrals"]?.integer ?? 0 >= 3 ? view : nil
                    }
                    #expect(view["attempts"]?.integer == 0, "\(view)")
                }
                #expect(crm.requests.count == 1)
                try await product.database.execute(loss.back)
                for job in jobs {
                    let done = try await product.client.job(job, toBe: "done", within: .seconds(40))
                    #expect(done["kind"]?.string == "call.bootstrap" && done["attempts"]?.integer == 1, "\(done)")
                }
                let people = try await peers.records("people")
                let person = try #require(
                    people.first { $0["phones"]?.object?["primaryPhoneNumber"]?.string == "4165551234" })
                #expect(people.count == 2)
                let pushes = try await crm.bodies(3).dropFirst()
                #expect(Set(pushes.compactMap { $0["call_sid"]?.string }) == ["CA-1", "CA-2"])
                #expect(pushes.allSatisfy { $0["person_id"] == person["id"] })
                try await product.finishWork(in: "webhooks")
                #expect(crm.requests.count == 3)
            }
        }
    }
}
