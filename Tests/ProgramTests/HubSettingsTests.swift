import Jobs
import Program
import Testing

struct HubSettingsTests {
    private static let enabled = "AVENTORA_HUB_AUTO_PROVISION_ENABLED"
    private static let url = "AVENTORA_HUB_PROVISION_CALLBACK_URL"
    private static let secret = "AVENTORA_HUB_PROVISION_CALLBACK_SECRET"
    private static let whole = [
        enabled: "true", url: "http://127.0.0.1:9/internal/crm-hub-provision", secret: "a-secret",
    ]

    @Test func itIsOffUnlessSomebodySaysOtherwise() throws {
        let hub = try HubSettings.provisioning(Settings(environment: [:]))
        #expect(!hub.isEnabled && hub.callback == nil)
        #expect(hub.fullDelayMilliseconds == 60_000 && hub.membersDelayMilliseconds == 30_000)
        let off = try HubSettings.provisioning(
            Settings(environment: Self.whole.merging([Self.enabled: "false"]) { $1 }))
        #expect(!off.isEnabled && off.callback != nil)
    }

    @Test func allOfItIsRead() throws {
        let delays = ["HUB_PROVISION_FULL_DELAY_SECONDS": "0", "HUB_PROVISION_MEMBERS_DELAY_SECONDS": "7"]
        let hub = try HubSettings.provisioning(Settings(environment: Self.whole.merging(delays) { $1 }))
        #expect(hub.isEnabled && hub.callback?.base.text == Self.whole[Self.url])
        #expect(hub.fullDelayMilliseconds == 0 && hub.membersDelayMilliseconds == 7_000)
    }

    @Test(arguments: [
        ("http://assistant.example:8000", "http://assistant.example:8000/internal/crm-hub-provision"),
        ("https://assistant.example/", "https://assistant.example/internal/crm-hub-provision"),
        ("https://assistant.example/other", "https://assistant.example/other"),
    ])
    func anAddressWithoutAPathGetsTheUsualOne(text: String, expected: String) throws {
        let hub = try HubSettings.provisioning(Settings(environment: Self.whole.merging([Self.url: text]) { $1 }))
        #expect(hub.callback?.base.text == expected)
    }

    @Test(arguments: [
        ([url: ""], url), ([secret: ""], secret), ([url: "ftp://x"], url), ([secret: "a\nsecret"], secret),
        ([enabled: "perhaps"], enabled), ([url: "http://x/?token=t"], url),
        (["HUB_PROVISION_FULL_DELAY_SECONDS": "-1"], "HUB_PROVISION_FULL_DELAY_SECONDS"),
        (["HUB_PROVISION_MEMBERS_DELAY_SECONDS": "86401"], "HUB_PROVISION_MEMBERS_DELAY_SECONDS"),
    ])
    func whatIsWrongIsNamed(change: [String: String], variable: String) {
        let settings = Settings(environment: Self.whole.merging(change) { $1 })
        let error = #expect(throws: ProgramError.self) { try HubSettings.provisioning(settings) }
        #expect(error?.exitCode == .configuration && error?.message.hasPrefix(variable) == true)
        #expect(error?.message.contains("a-secret") == false)
    }

    @Test func theCRMTakesAddressAndSecret() throws {
        let whole = ["CRM_API_URL": "https://crm.example/", "CRM_PROVISIONING_SECRET": "s"]
        #expect(try HubSettings.crm(Settings(environment: whole))?.base.text == "https://crm.example")
        for missing in whole.keys {
            #expect(try HubSettings.crm(Settings(environment: whole.filter { $0.key != missing })) == nil)
        }
    }

    @Test func theChatbotTakesATokenOrAPassword() throws {
        func access(_ environment: [String: String]) throws -> ChatbotAccess {
            try HubSettings.chatbot(Settings(environment: environment))
        }
        let token = try #require(WebhookSecret("t"))
        let login = ["SUPER_ADMIN_USERNAME": "root", "SUPER_ADMIN_PASSWORD": "t"]
        let old = ["DOMAIN_CHATBOT_URL": "http://old.example"]
        let new = ["DOMAIN_CHATBOT_API_URL": "http://new.example/"]
        let both = ["DOMAIN_CHATBOT_SUPER_ADMIN_TOKEN": "t"].merging(login) { $1 }
        #expect(
            try access(old.merging(new) { $1 }.merging(both) { $1 })
                == ChatbotAccess(url: "http://new.example", login: .token(token)))
        #expect(
            try access(old.merging(login) { $1 })
                == ChatbotAccess(url: "http://old.example", login: .password(username: "root", token)))
        for (environment, variable) in [
            (both, "DOMAIN_CHATBOT_API_URL"), (new, "DOMAIN_CHATBOT_SUPER_ADMIN_TOKEN"),
            (new.merging(["SUPER_ADMIN_USERNAME": "root"]) { $1 }, "SUPER_ADMIN_PASSWORD"),
        ] {
            let error = #expect(throws: ProgramError.self) { try access(environment) }
            #expect(error?.exitCode == .configuration && error?.message.hasPrefix(variable) == true)
        }
    }
}
