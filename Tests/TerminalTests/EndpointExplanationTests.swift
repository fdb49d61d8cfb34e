import Guard
import Jobs
import Operator
import Testing

@testable import Terminal

/// What `aventora endpoints explain` shows, to the letter.
@Suite(.timeLimit(.minutes(1)))
struct EndpointExplanationTests {
    private func explain(
        _ text: String, _ items: [String], _ addresses: [String] = []
    ) async throws -> EndpointExplanation {
        let rules = AddressGuard(rows: try AllowList.rows(items))
        let url = try WebhookURL(text)
        let judgement = await rules.judge(url.target, port: UInt16(url.port)) { _ async throws(LookupFailure) in
            guard !addresses.isEmpty else {
                throw LookupFailure(description: "Name or service not known", isRetriable: false)
            }
            return addresses.compactMap { IPAddress(text: $0) }
        }
        return EndpointExplanation(url, judgement)
    }

    @Test func allowed() async throws {
        let explanation = try await explain(
            "https://hub.lan:8443/t0ken?t0ken", ["hub.lan:8443"], ["10.0.0.5", "93.184.216.34"])
        #expect(
            explanation.lines(width: nil) == [
                "url   https://hub.lan:8443/…", "host  hub.lan", "port  8443", "",
                "ADDRESS        VERDICT  BECAUSE",
                "10.0.0.5       allowed  in 10.0.0.0/8, opened by hub.lan:8443",
                "93.184.216.34  allowed  public, on a port of its own, opened by hub.lan:8443", "",
                "deliveries may go there",
            ])
        let json = String(decoding: try ResourceJSON.encode(explanation), as: UTF8.self)
        #expect(
            json == """
                {"addresses":[{"address":"10.0.0.5","allowed":true,"code":null,"opened_by":"hub.lan:8443",\
                "range":"10.0.0.0/8","range_kind":"private_network","reason":null},\
                {"address":"93.184.216.34","allowed":true,"code":null,"opened_by":"hub.lan:8443","range":null,\
                "range_kind":null,"reason":null}],"allowed":true,"code":null,"host":"hub.lan","port":8443,\
                "reason":null,"scheme":"https","url":"https://hub.lan:8443/…"}
                """)
    }

    @Test func refusedAmongOthers() async throws {
        let explanation = try await explain("http://both.example/", [], ["93.184.216.34", "127.0.0.1"])
        #expect(!explanation.allowed && explanation.code == "loopback")
        #expect(
            explanation.lines(width: nil).dropFirst(4) == [
                "ADDRESS        VERDICT  BECAUSE", "93.184.216.34  allowed  public",
                "127.0.0.1      refused  127.0.0.1:80 is in 127.0.0.0/8 (loopback, this machine itself); OUTBOUND_ALLOW does not "
                    + "name this address itself",
            ])
    }

    @Test func spelledAddress() async throws {
        let explanation = try await explain("http://0x7f.1:9000/", ["127.0.0.1:9000"])
        #expect(explanation.allowed && explanation.host == "127.0.0.1" && explanation.addresses.count == 1)
    }

    @Test func nameWithoutAddress() async throws {
        let explanation = try await explain("http://nowhere.example/", [])
        #expect(!explanation.allowed && explanation.code == "lookup" && explanation.addresses.isEmpty)
        #expect(explanation.reason == "the name nowhere.example has no address: Name or service not known")
        #expect(explanation.lines(width: 80).count == 3)
    }

    @Test func unusableURL() throws {
        let fault = #expect(throws: WebhookURL.Fault.self) { try WebhookURL("http://t0ken@a.example/") }
        let explanation = EndpointExplanation(try #require(fault))
        #expect(explanation.code == "url" && !explanation.allowed && explanation.lines(width: nil).isEmpty)
        #expect(explanation.reason?.contains("t0ken") == false)
    }
}
