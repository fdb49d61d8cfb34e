import Basics
import Testing

@testable import Peers

@Suite(.timeLimit(.minutes(1)))
struct TwentyRecordTests {
    private let twenty = TwentyBench()

    @Test func envelopes() throws {
        let (status, created) = twenty.send("POST", "/rest/people", #"{"name":{"firstName":"Ada"}}"#)
        #expect(status == 201)
        let person = try #require(created.value(at: "data.createPerson")?.object)
        let id = try #require(person.text("id"))
        #expect(person.value(at: "name.lastName") == .string(""))
        #expect(twenty.send("GET", "/rest/people/\(id)").1.value(at: "data.person.id") == .string(id))
        let (patched, answer) = twenty.send("PATCH", "/rest/people/\(id)", #"{"jobTitle":"Countess"}"#)
        #expect(patched == 200)
        #expect(answer.value(at: "data.updatePerson.jobTitle") == .string("Countess"))
        #expect(answer.value(at: "data.updatePerson.name.firstName") == .string("Ada"))
        #expect(twenty.send("PUT", "/rest/people/\(id)", #"{"city":"London"}"#).0 == 200)
        let (_, page) = twenty.list("/rest/people")
        #expect(page["totalCount"] == .number("1"))
        #expect(page.value(at: "pageInfo.hasNextPage") == .bool(false))
        #expect(page.value(at: "pageInfo.hasPreviousPage") == .bool(false))
        let (deleted, gone) = twenty.send("DELETE", "/rest/people/\(id)")
        #expect((deleted, gone.value(at: "data.deletePerson.id")) == (200, .string(id)))
        #expect(twenty.send("GET", "/rest/people/\(id)").0 == 404)
        #expect(twenty.send("PATCH", "/rest/people/\(id)/restore").0 == 404)
    }

    @Test func companiesHaveTheirOwnKeys() {
        let (status, answer) = twenty.send(
            "POST", "/rest/companies", #"{"name":"Acme","domainName":{"primaryLinkUrl":"https://acme.test/"}}"#)
        #expect(status == 201)
        #expect(answer.value(at: "data.createCompany.domainName.primaryLinkUrl") == .string("https://acme.test"))
        let again = #"{"name":"Other","domainName":{"primaryLinkUrl":"https://acme.test"}}"#
        #expect(twenty.send("POST", "/rest/companies", again).0 == 400)
        #expect(twenty.list("/rest/companies").0.count == 1)
    }

    @Test(arguments: [
        (key: nil, status: 403, error: "FORBIDDEN_EXCEPTION"), (key: "wrong", status: 401, error: "UNAUTHENTICATED"),
    ])
    func refusesKeys(_ row: (key: String?, status: Int, error: String)) {
        let (status, answer) = twenty.send("GET", "/rest/people", key: row.key)
        #expect((status, answer.text("error")) == (row.status, row.error))
    }

    @Test(arguments: [
        ("GET", "/rest/person", "", "Did you mean 'people'"),
        ("POST", "/rest/people", #"{"nickname":"x"}"#, "nickname"),
        ("POST", "/rest/people", #"{"emails":{"first":"a@b.c"}}"#, "first"),
        ("POST", "/rest/people", #"{"jobTitle":7}"#, "jobTitle"),
        ("POST", "/rest/people", #"[{"jobTitle":"x"}]"#, "object"),
        ("POST", "/rest/people", #"{"id":"0192f0c0-0000-7000-8000-000000000000"}"#, "UUID"),
        ("POST", "/rest/batch/people", #"{"jobTitle":"x"}"#, "array"),
        ("GET", "/rest/people/not-an-id", "", "UUID"),
        ("GET", "/rest/people?limit=-1", "", "limit"), ("GET", "/rest/people?limit=x", "", "limit"),
        ("GET", "/rest/people?depth=2", "", "depth"), ("GET", "/rest/people?starting_after=x", "", "Invalid cursor"),
        ("GET", "/rest/people?order_by=name", "", "sorted"), ("GET", "/rest/people?order_by=city[Up]", "", "direction"),
        ("GET", "/rest/people?fields=id,shoe", "", "shoe"), ("GET", "/rest/people?filter=shoe[eq]:1", "", "shoe"),
        ("GET", "/rest/people?filter=city[is]:nothing", "", "NULL"),
        ("GET", "/rest/people?filter=city[same]:x", "", "comparator"),
        ("GET", "/rest/people?filter=emails[eq]:x", "", "subfield"),
        ("GET", "/rest/people?filter=id[eq]:x", "", "Invalid value"),
        ("GET", "/rest/people?filter=and(city[eq]:x", "", "bracket"),
        ("DELETE", "/rest/people", "", "required"), ("PATCH", "/rest/people", #"{"city":"x"}"#, "required"),
    ])
    func answers400(_ method: String, _ target: String, _ body: String, _ hint: String) {
        let (status, answer) = twenty.send(method, target, body)
        #expect(status == 400)
        #expect(twenty.message(answer).contains(hint), "\(answer)")
    }

    @Test func ids() throws {
        let id = "3b241101-e2bb-5255-8caf-4136c566a962"
        #expect(try twenty.create(#"{"id":"\#(id)","jobTitle":"x"}"#).text("id") == id)
        let (status, answer) = twenty.send("POST", "/rest/people", #"{"id":"\#(id)"}"#)
        #expect((status, twenty.message(answer)) == (400, "A duplicate entry was detected"))
    }

    @Test func duplicatesAre400() throws {
        _ = try twenty.create(#"{"emails":{"primaryEmail":"Ada@X.test"}}"#)
        let (status, answer) = twenty.send("POST", "/rest/people", #"{"emails":{"primaryEmail":"aDA@x.test"}}"#)
        #expect((status, twenty.message(answer)) == (400, "A duplicate entry was detected"))
        _ = try twenty.create(#"{"emails":{"primaryEmail":""}}"#)
        _ = try twenty.create(#"{"emails":{"primaryEmail":""}}"#)
    }

    @Test func oneBadRowFailsTheBatch() throws {
        _ = try twenty.create(#"{"emails":{"primaryEmail":"a@x.test"}}"#)
        let rows = #"[{"emails":{"primaryEmail":"b@x.test"}},{"emails":{"primaryEmail":"a@x.test"}}]"#
        #expect(twenty.send("POST", "/rest/batch/people", rows).0 == 400)
        let twice = #"[{"emails":{"primaryEmail":"c@x.test"}},{"emails":{"primaryEmail":"c@x.test"}}]"#
        #expect(twenty.send("POST", "/rest/batch/people", twice).0 == 400)
        #expect(twenty.send("POST", "/rest/batch/people?upsert=true", twice).0 == 400)
        #expect(twenty.list("/rest/people").0.count == 1)
        let (status, answer) = twenty.send("POST", "/rest/batch/people", #"[{"city":"A"},{"city":"B"}]"#)
        #expect((status, answer.value(at: "data.createPeople")?.array?.count) == (201, 2))
    }

    @Test func batchesHaveALimit() {
        let rows = "[" + [String](repeating: "{}", count: 201).joined(separator: ",") + "]"
        #expect(twenty.send("POST", "/rest/batch/people", rows).0 == 400)
    }

    @Test func emailsWithoutAPrimaryLoseIt() throws {
        let id = try twenty.create(#"{"emails":{"primaryEmail":"A@x.test"}}"#).text("id") ?? ""
        let (_, answer) = twenty.send("PATCH", "/rest/people/\(id)", #"{"emails":{"additionalEmails":["b@x.test"]}}"#)
        #expect(answer.value(at: "data.updatePerson.emails.primaryEmail") == .string(""))
    }

    @Test func actors() throws {
        let nameless = try twenty.create(#"{"createdBy":{"workspaceMemberId":"3b241101-e2bb-5255-8caf-4136c566a962"}}"#)
        #expect(nameless.value(at: "createdBy.source") == .string("API"))
        #expect(nameless.value(at: "createdBy.workspaceMemberId") == .null)
        let named = try twenty.create(#"{"createdBy":{"source":"MANUAL","name":"Jane","workspaceMemberId":"m"}}"#)
        #expect(named.value(at: "createdBy.workspaceMemberId") == .string("m"))
        #expect(named.value(at: "updatedBy.name") == .string("Aventora"))
        let id = named.text("id") ?? ""
        let (_, answer) = twenty.send("PATCH", "/rest/people/\(id)", #"{"updatedBy":{"name":"Me"},"city":"X"}"#)
        #expect(answer.value(at: "data.updatePerson.updatedBy.name") == .string("Aventora"))
        #expect(answer.value(at: "data.updatePerson.createdBy.name") == .string("Jane"))
    }

    @Test func upserts() throws {
        let made = try twenty.create(#"{"emails":{"primaryEmail":"a@x.test"},"city":"A","createdBy":{"name":"Jane"}}"#)
        let id = made.text("id") ?? ""
        let other = "3b241101-e2bb-5255-8caf-4136c566a962"
        let row = #"{"id":"\#(other)","emails":{"primaryEmail":"A@x.test"},"city":"B"}"#
        let changed = try twenty.create(row, at: "/rest/people?upsert=true")
        #expect((changed.text("id"), changed.text("city")) == (id, "B"))
        #expect(changed.value(at: "createdBy.name") == .string("Jane"))
        #expect(twenty.send("DELETE", "/rest/people/\(id)?soft_delete=true").0 == 200)
        #expect(twenty.list("/rest/people").0.isEmpty)
        #expect(twenty.list("/rest/people?filter=deletedAt[is]:NOT_NULL").0.count == 1)
        #expect(try twenty.create(row, at: "/rest/people?upsert=true").text("id") == id)
        #expect(twenty.list("/rest/people").0.count == 1)
        // Only the exact word turns it on.
        #expect(twenty.send("POST", "/rest/people?upsert=1", row).0 == 400)
        _ = try twenty.create(#"{"id":"\#(other)"}"#)
        let (status, answer) = twenty.send("POST", "/rest/people?upsert=true", row)
        #expect((status, answer.text("code")) == (400, "UPSERT_MULTIPLE_MATCHING_RECORDS_CONFLICT"))
    }

    @Test func deletesManyByFilterOnly() throws {
        for city in ["A", "A", "B"] { _ = try twenty.create(#"{"city":"\#(city)"}"#) }
        let (_, updated) = twenty.send("PATCH", "/rest/people?filter=city[eq]:A", #"{"jobTitle":"x"}"#)
        #expect(updated.value(at: "data.updatePeople")?.array?.count == 2)
        let (_, answer) = twenty.send("DELETE", "/rest/people?filter=city[eq]:A")
        #expect(answer.value(at: "data.deletePeople")?.array?.count == 2)
        #expect(twenty.list("/rest/people").0.count == 1)
    }

    @Test func restores() throws {
        let id = try twenty.create(#"{"city":"A"}"#).text("id") ?? ""
        _ = twenty.send("DELETE", "/rest/people/\(id)?soft_delete=true")
        #expect(twenty.send("PATCH", "/rest/restore/people/\(id)").0 == 200)
        #expect(twenty.send("GET", "/rest/people/\(id)").0 == 200)
    }

    @Test func customFields() throws {
        let (_, objects) = twenty.send("GET", "/rest/metadata/objects")
        let person = objects.value(at: "data.objects")?.objects.first { $0.text("nameSingular") == "person" }
        let object = try #require(person?.text("id"))
        #expect(twenty.send("POST", "/rest/people", #"{"tipsClientId":"1"}"#).0 == 400)
        let field =
            #"{"objectMetadataId":"\#(object)","name":"tipsClientId","label":"TIPS","type":"TEXT","isUnique":true}"#
        #expect(twenty.send("POST", "/rest/metadata/fields", field).0 == 201)
        #expect(twenty.send("POST", "/rest/metadata/fields", field).0 == 400)
        #expect(try twenty.create(#"{"tipsClientId":"1"}"#).text("tipsClientId") == "1")
        #expect(twenty.send("POST", "/rest/people", #"{"tipsClientId":"1"}"#).0 == 400)
        #expect(twenty.list(#"/rest/people?filter=tipsClientId[in]:["1","2"]"#).0.count == 1)
    }

    @Test func oldestShowsFailuresItsWay() {
        let old = TwentyBench(era: .oldest)
        let (status, answer) = old.send("GET", "/rest/people/3b241101-e2bb-5255-8caf-4136c566a962")
        #expect(status == 400)
        #expect(answer.text("message") == "Record not found")
        #expect(answer["messages"] == nil)
    }
}
