import Curl
import Testing

@testable import Jobs

struct SecretMaskTests {
    private static let secret = "s3cr3t-value"

    @Test(arguments: [
        ("X-Aventora-Webhook-Secret", "anything", "***"), ("Authorization", "Bearer x", "***"),
        ("X-My-Key", "k", "***"),
        ("webhook-signature", "v1,abc", "***"), ("Cookie", "a=b", "***"), ("Content-Type", "text/plain", "text/plain"),
        ("WEBHOOK-ID", "msg_1", "msg_1"), ("webhook-id", "is s3cr3t-value", "is ***"),
    ])
    func requestsShowOnlyWhatIsKnownToHoldNoSecret(name: String, value: String, shown: String) {
        #expect(SecretMask([Self.secret]).request(name, value) == shown)
    }

    @Test(arguments: [
        ("Set-Cookie", "a=b", "***"), ("X-Auth-Token", "t", "***"), ("X-API-Key", "t", "***"),
        ("Server", "nginx", "nginx"), ("Location", "http://x/s3cr3t-value/", "http://x/***/"),
        ("WWW-Authenticate", "Basic realm=x", "Basic realm=x"), ("webhook-signature", "v1,x", "***"),
    ])
    func responsesHideWhatSoundsLikeASecretAndWhatIsOne(name: String, value: String, shown: String) {
        #expect(SecretMask([Self.secret]).response(name, value) == shown)
    }

    @Test(arguments: [
        ("", ""), ("nothing", "nothing"), ("s3cr3t-value", "***"), ("as3cr3t-values3cr3t-valueb", "a******b"),
        ("s3cr3t-valu", "s3cr3t-valu"), ("ss3cr3t-value", "s***"), ("s3cr3t-value-long", "***"),
    ])
    func knownSecretsGoWhereverTheyStand(text: String, scrubbed: String) {
        #expect(SecretMask([Self.secret, "s3cr3t-value-long"]).scrub(text) == scrubbed)
    }

    @Test func textsThatAreTooShortAreLeftAlone() {
        #expect(SecretMask(["", "abc"]).scrub("abcabc") == "abcabc")
        #expect(SecretMask().scrub(Array("x".utf8)) == Array("x".utf8))
    }

    @Test func bytesThatAreNoTextAreScrubbedToo() {
        let bytes: [UInt8] = [0xFF, 0x00] + Array(Self.secret.utf8) + [0xC3]
        #expect(SecretMask([Self.secret]).scrub(bytes) == [0xFF, 0x00] + Array("***".utf8) + [0xC3])
    }

    @Test func requestHeadsHoldNoPathAndNoSecret() {
        let request = CurlRequest(
            method: .post, url: "https://crm.example:8443/hooks/in-the-path-0123456789?token=abc",
            headers: [(name: "Content-Type", value: "application/json"), (name: "X-Key", value: Self.secret)],
            body: [1, 2, 3])
        let head = HTTPExchange(request, secrets: [Self.secret]).requestHead
        #expect(
            head == """
                POST https://crm.example:8443/… HTTP/1.1
                Content-Type: application/json
                X-Key: ***
                Content-Length: 3
                """)
    }

    @Test(arguments: [
        ("https://a.example", []), ("https://a.example/short/path?x=1", []),
        ("https://a.example/hooks/0123456789abcdef/x", ["0123456789abcdef"]),
        ("http://a.example/?key=0123456789abcdef&b=fedcba9876543210", ["0123456789abcdef", "fedcba9876543210"]),
    ])
    func longPartsOfAnAddressMayBeTokens(url: String, tokens: [String]) throws {
        #expect(try WebhookURL(url).tokens == tokens)
    }
}
