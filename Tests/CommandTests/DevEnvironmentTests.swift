import Basics
import Testing

@testable import Command

struct DevEnvironmentTests {
    private let secrets = DevSecrets(token: "tok", secretsKey: "key", webhookSecret: "hook")

    private func environment(_ given: [String: String], tokensFile: String? = nil) -> DevEnvironment {
        DevEnvironment(
            given: given, tokensFile: tokensFile, secrets: secrets, directory: "/d", listen: "127.0.0.1:8081",
            receiverPort: 8_081, redisURL: "redis://r", databaseURL: "postgresql://p"
        )
    }

    @Test func fillsInWhatIsMissing() {
        let values = environment(["PATH": "/bin", "LOG_LEVEL": ""]).shared
        #expect(
            values == [
                "PATH": "/bin", "REDIS_URL": "redis://r", "DATABASE_URL": "postgresql://p",
                "API_LISTEN": "127.0.0.1:8081", "API_TOKENS": "dev:events+jobs+read+admin:tok", "SECRETS_KEY": "key",
                "AVENTORA_WEBHOOK_SECRET": "hook", "LOG_FORMAT": "text", "LOG_LEVEL": "info",
                "TWENTY_WEBHOOK_URL": "http://127.0.0.1:8081/rest/aventora/webhook", "TWENTY_WEBHOOK_SECRET": "hook",
                "OUTBOUND_ALLOW": "127.0.0.1:8081", "AVENTORA_DEV_DIRECTORY": "/d",
            ]
        )
    }

    @Test func keepsWhatIsGiven() {
        let given = [
            "API_TOKENS": "me:events+read:abc", "SECRETS_KEY": "mine", "AVENTORA_WEBHOOK_SECRET": "own",
            "ZOHO_WEBHOOK_URL": "https://zoho.example/", "OUTBOUND_ALLOW": "10.0.0.0/8", "LOG_FORMAT": "json",
        ]
        let values = environment(given).shared
        for key in given.keys where key != "OUTBOUND_ALLOW" { #expect(values[key] == given[key]) }
        #expect(values["OUTBOUND_ALLOW"] == "10.0.0.0/8,127.0.0.1:8081")
        #expect(values["TWENTY_WEBHOOK_URL"] == nil)
        #expect(environment(given).token == "abc")
    }

    @Test func tokensFileIsUsedAndPublished() {
        let given = ["API_TOKENS_FILE": "/t"]
        let environment = environment(given, tokensFile: "a:read:x\nb:read+events:y\n")
        #expect(environment.shared["API_TOKENS"] == nil)
        #expect(environment.token == "y")
        let lines = EnvironmentFile.text(environment.published(port: 8_081))
        #expect(
            lines == """
                API_URL=http://127.0.0.1:8081
                API_TOKENS=a:read:x,b:read+events:y
                REDIS_URL=redis://r
                DATABASE_URL=postgresql://p
                SECRETS_KEY=key
                AVENTORA_WEBHOOK_SECRET=hook

                """
        )
    }

    @Test(
        arguments: [
            ("", nil), ("a:read:x", nil), ("a:events:x,b:events+read+admin:y:z", "y:z"),
            ("rubbish\n c:read+events:q ", "q"),
        ] as [(String, String?)])
    func findsATokenForTheSample(items: String, token: String?) {
        #expect(DevEnvironment.token(from: items) == token)
    }

    @Test(
        arguments: [
            ("", 1, "127.0.0.1:9"), ("", nil, "127.0.0.1:9"), ("0", 2, "0"), ("0", nil, "0"),
            ("127.0.0.1:9101", 1, "127.0.0.1:9101"), ("127.0.0.1:9101", 2, "127.0.0.1:9"),
        ] as [(String, Int?, String)])
    func metricsDoNotCollide(given: String, index: Int?, expected: String) {
        let values = environment(["METRICS_LISTEN": given]).program(index: index, metricsPort: 9)
        #expect(values["METRICS_LISTEN"] == expected)
        #expect(values["WORKER_NAME"] == index.map { "dev-\($0)" })
    }

    @Test func listenComesFromFlagThenVariableThenDefault() throws {
        var options = DevOptions()
        #expect(try options.listen() == ("127.0.0.1", 8_080, false))
        options.environment["API_LISTEN"] = "0.0.0.0:9000"
        #expect(try options.listen() == ("0.0.0.0", 9_000, true))
        options.port = 9_001
        #expect(try options.listen() == ("0.0.0.0", 9_001, true))
    }

    @Test(arguments: [
        ("API_LISTEN", "nonsense"), ("API_LISTEN", "127.0.0.1:70000"), ("WORKER_SHUTDOWN_GRACE_SECONDS", "-1"),
        ("WORKER_SHUTDOWN_GRACE_SECONDS", "soon"),
    ])
    func badValueNamesVariableAndValue(name: String, value: String) {
        var options = DevOptions()
        options.environment[name] = value
        let error = #expect(throws: CommandError.self) {
            _ = try options.listen()
            _ = try options.workerStopLimitMilliseconds()
        }
        #expect(error?.code.exitCode == 78)
        #expect(error?.message.hasPrefix("\(name): \(value) is not allowed") == true)
    }

    private static let ports = ["twenty", "provisioning", "hub", "assistant", "chatbot", "tips"].enumerated()
        .map { (name: $1, port: UInt16(9_001 + $0)) }

    @Test func peersFillInWhatIsNotSet() {
        let peers = DevPeers(ports: Self.ports)
        let given = ["CRM_API_URL": "https://crm.example", "TIPS_CLIENT_ID": "mine", "CRM_WORKSPACE_API_KEY": "k"]
        let environment = DevEnvironment(
            given: given, tokensFile: nil, secrets: secrets, directory: "/d", listen: "127.0.0.1:8081",
            receiverPort: 8_081, redisURL: "redis://r", databaseURL: "postgresql://p", peers: peers)
        let values = environment.shared
        #expect(values["TWENTY_CRM_BASE_URL"] == "http://127.0.0.1:9001")
        #expect(values["TWENTY_CRM_API_KEY"] == "k")
        // A system that is set is left alone, with all that belongs to it.
        #expect(values["CRM_API_URL"] == "https://crm.example")
        #expect(values["CRM_PROVISIONING_SECRET"] == nil)
        #expect(values["TIPS_API_BASE_URL"] == "http://127.0.0.1:9006/api")
        #expect(values["TIPS_CLIENT_ID"] == "mine")
        #expect(values["AVENTORA_HUB_PROVISION_CALLBACK_URL"]?.hasSuffix(":9004/internal/crm-hub-provision") == true)
        #expect(values["TWENTY_INBOUND_SECRETS"] == "hook")
        let published = environment.published(port: 8_081)
        #expect(published.contains { $0.key == "AVENTORA_BASE_URL" && $0.value == "http://127.0.0.1:9003" })
        #expect(!published.contains { $0.key == "CRM_API_URL" })
    }
}
