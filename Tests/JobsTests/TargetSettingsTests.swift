import Basics
import Testing

@testable import Jobs

@Suite(.timeLimit(.minutes(1)))
struct TargetSettingsTests {
    private func settings(_ environment: [String: String]) throws -> TargetSettings {
        try TargetSettings { environment[$0] }
    }

    private static let shared = ["TWENTY_WEBHOOK_URL": "https://crm.example/hook", "TWENTY_WEBHOOK_SECRET": "shared-s"]

    @Test func readsEveryTarget() throws {
        var environment: [String: String] = [:]
        for target in CRMTarget.allCases {
            environment[target.urlVariable] = "http://\(target.rawValue).example/"
            environment[target.secretVariable] = "secret of \(target)"
        }
        let routes = try settings(environment).routes(account: nil)
        for target in CRMTarget.allCases {
            guard case .endpoint(let endpoint) = routes[target] else {
                Issue.record("no endpoint for \(target)")
                continue
            }
            #expect(endpoint.url.host == "\(target.rawValue).example")
            #expect(endpoint.secret?.revealed == "secret of \(target)")
        }
        #expect(try settings(["ZOHO_WEBHOOK_URL": "", "DYNAMICS_WEBHOOK_SECRET": "x"]).targets(account: nil).isEmpty)
    }

    @Test(arguments: [
        (#"{}"#, "https://crm.example/hook", "shared-s"),
        (#"{"twenty_webhook_url":null}"#, "https://crm.example/hook", "shared-s"),
        (#"{"twenty_webhook_url":"https://own.example/x"}"#, "https://own.example/x", nil),
        (
            #"{"twenty_webhook_url":"https://own.example/x","twenty_webhook_secret":"own-s"}"#, "https://own.example/x",
            "own-s"
        ),
        (#"{"twenty_webhook_url":"https://own.example/x","twenty_webhook_secret":""}"#, "https://own.example/x", nil),
        (#"{"twenty_webhook_secret":"own-s"}"#, "https://crm.example/hook", "own-s"),
        (#"{"zoho_webhook_secret":"own-s","other":1}"#, "https://crm.example/hook", "shared-s"),
    ])
    func letsTheAccountWin(_ account: String, _ url: String, _ secret: String?) throws {
        let routes = try settings(Self.shared).routes(account: try Sample.object(account))
        #expect(
            routes == [
                .twenty: .endpoint(
                    TargetSettings.Endpoint(url: try WebhookURL(url), secret: secret.flatMap(WebhookSecret.init)))
            ])
    }

    @Test(arguments: [
        #"{"twenty_webhook_url":"ftp://x"}"#, #"{"twenty_webhook_url":5}"#, #"{"twenty_webhook_url":"http://u:p@x/"}"#,
        #"{"twenty_webhook_url":"https://own.example","twenty_webhook_secret":"a\r\nEvil: 1"}"#,
        #"{"twenty_webhook_secret":["x"]}"#,
    ])
    func neverFallsBackFromABadAccount(_ account: String) throws {
        let settings = try settings(Self.shared)
        guard case .invalid(let reason) = settings.routes(account: try Sample.object(account))[.twenty] else {
            Issue.record("a bad setting was used")
            return
        }
        #expect(reason.contains("twenty_webhook_") && !reason.contains("u:p") && !reason.contains("Evil"))
        #expect(settings.targets(account: try Sample.object(account)) == [.twenty])
    }

    @Test func switchesOffAndOn() throws {
        let settings = try settings(Self.shared)
        #expect(settings.targets(account: try Sample.object(#"{"twenty_webhook_url":""}"#)).isEmpty)
        let other = try Sample.object(#"{"twenty_webhook_url":" ","hubspot_webhook_url":"http://h.example"}"#)
        #expect(settings.targets(account: other) == [.hubspot])
    }

    @Test(arguments: [("HUBSPOT_WEBHOOK_URL", "gopher://hidden-value"), ("HUBSPOT_WEBHOOK_SECRET", "hidden-value\n")])
    func namesTheBadVariable(_ variable: String, _ value: String) throws {
        let fault = try #require(throws: TargetSettings.Fault.self) { try settings([variable: value]) }
        #expect(
            fault.variable == variable && fault.description.contains(variable) && !fault.description.contains("hidden"))
    }

    @Test(arguments: [
        ("http://a", "a", 80), ("HTTPS://Host.Example:8443/p?q=1#f", "host.example", 8_443),
        ("https://[::1]:9/x", "[::1]", 9),
        ("http://127.0.0.1:65535", "127.0.0.1", 65_535), ("http://under_score-1.example", "under_score-1.example", 80),
        ("https://[2001:db8::1]", "[2001:db8::1]", 443),
    ])
    func readsURLs(_ text: String, _ host: String, _ port: Int) throws {
        let url = try WebhookURL(text)
        #expect(url.host == host && url.port == port && url.text == text)
        #expect(!url.description.contains("q=1"))
    }

    @Test(arguments: [
        "", "x", "//a", "http://", "http:///x", "https://:80", "ftp://a", "file:///etc/passwd", "http://a b",
        "http://a\n", "http://a\0",
        "http://é.example", "http://u@a", "http://u:p@a/", "http://a:0", "http://a:65536", "http://a:", "http://a:x",
        "http://a\\@b",
        "http://[::1", "http://[::1]x", "http://[]", "http://a%00b", "javascript:alert(1)",
        "http://" + String(repeating: "a", count: 2_048),
    ])
    func refusesURLs(_ text: String) {
        #expect(throws: WebhookURL.Fault.self) { try WebhookURL(text) }
    }

    @Test func keepsSecretsSecret() throws {
        let secret = try #require(WebhookSecret("tell-nobody"))
        let endpoint = TargetSettings.Endpoint(url: try WebhookURL("http://a/token"), secret: secret)
        var dumped = ""
        dump(endpoint, to: &dumped)
        for text in ["\(secret)", String(reflecting: secret), "\([secret])", "\(Optional(secret) as Any)"] {
            #expect(!text.contains("tell"))
        }
        #expect(!dumped.contains("tell-nobody"))
        #expect(
            secret.matches("tell-nobody") && !secret.matches("tell-nobodx") && !secret.matches("")
                && !secret.matches("tell-nobodytell-nobody"))
        #expect(
            WebhookSecret("") == nil && WebhookSecret(" a") == nil && WebhookSecret("a\t") == nil
                && WebhookSecret("é") == nil)
    }
}
