import Basics
import Testing

@testable import Jobs

/// The vectors A to E of the reference, and the forms of every scheme.
@Suite(.timeLimit(.minutes(1)))
struct SignerTests {
    private func headers(
        _ scheme: SigningScheme, _ secrets: [String], id: String = "msg_1", milliseconds: Int64 = 1_700_000_000_123,
        _ body: String
    ) throws -> [(name: String, value: String)] {
        let message = WebhookSigner.Message(
            id: id, body: Array(body.utf8), nowMilliseconds: milliseconds,
            nonce: Array(0..<16))
        return try WebhookSigner.headers(
            for: message, scheme: scheme, secrets: secrets.map(EndpointSecret.init(stored:)))
    }

    static let standardVectors: [(String, String, Int64, String, String)] = [
        (
            "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD", "msg_27UH4WbU6Z5A5EzD8u03UvzRbpk", 1_649_367_553,
            #"{"email":"test@example.com","username":"test_user"}"#, "v1,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw="
        ),
        (
            "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330,
            #"{"test": 2432232314}"#, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
        ),
        (
            "whsec_plJ3nmyCDGBKInavdOK15jsl", "msg_loFOjxBNrRLzqYUf", 1_731_705_121,
            #"{"event_type":"ping","data":{"success":true}}"#, "v1,rAvfW3dJ/X/qxhsaXPOyyCGmRKsaKWcsNccKXlIktD0="
        ),
        (
            "whsk_6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9lMicMFs6Kvg==",
            "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, #"{"test": 2432232314}"#,
            "v1a,hnO3f9T8Ytu9HwrXslvumlUpqtNVqkhqw/enGzPCXe5BdqzCInXqYXFymVJaA7AZdpXwVLPo3mNl8EM+m7TBAg=="
        ),
    ]

    @Test(arguments: standardVectors)
    func signsTheVectors(_ secret: String, _ id: String, _ seconds: Int64, _ body: String, _ expected: String) throws {
        let headers = try headers(.standard, [secret], id: id, milliseconds: seconds * 1_000 + 999, body)
        #expect(headers.map(\.name) == ["webhook-id", "webhook-timestamp", "webhook-signature"])
        #expect(headers.map(\.value) == [id, "\(seconds)", expected])
    }

    /// Vector E.
    @Test func signsTheBodyAlone() throws {
        let headers = try headers(.body, ["It's a Secret to Everybody"], "Hello, World!")
        #expect(headers.map(\.name) == ["webhook-id", "X-Twenty-Signature"])
        #expect(headers[1].value == "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17")
    }

    /// The codes were made with Python's hmac.
    @Test func signsAsTwentyDoes() throws {
        let headers = try headers(.twenty, ["0123456789abcdef"], #"{"a":1}"#)
        #expect(
            headers.map(\.name) == [
                "webhook-id", "X-Twenty-Webhook-Signature", "X-Twenty-Webhook-Timestamp", "X-Twenty-Webhook-Nonce",
            ])
        #expect(headers[1].value == "bcce98dbff343f58a0f4ede46c51c7e22f634e2e122c6dbcfccf496a896bf6ac")
        #expect(headers[2].value == "1700000000123")
        #expect(headers[3].value == "000102030405060708090a0b0c0d0e0f")
    }

    @Test func signsAsTwentySaysItDoes() throws {
        let headers = try headers(.twentyDocumented, ["0123456789abcdef"], #"{"a":1}"#)
        #expect(headers.map(\.name) == ["webhook-id", "X-Twenty-Signature", "X-Twenty-Timestamp"])
        #expect(headers[1].value == "sha256=9eb18f493f8ec135d9eb2dad817c369bb4e9cbfa818657897a7437c1cd8c3a23")
        #expect(headers[2].value == "1700000000")
    }

    @Test func sendsTheSecretItself() throws {
        let headers = try headers(.secretHeader, ["the secret"], "{}")
        #expect(
            headers.map { "\($0.name): \($0.value)" } == ["webhook-id: msg_1", "X-Aventora-Webhook-Secret: the secret"])
    }

    @Test func sendsNothingForNone() throws {
        #expect(try headers(.none, [], "{}").map { "\($0.name): \($0.value)" } == ["webhook-id: msg_1"])
    }

    @Test func signsWithEveryLiveSecretNewestFirst() throws {
        let (new, old) = (Self.standardVectors[0].0, Self.standardVectors[1].0)
        let both = try #require(try headers(.standard, [new, old], "{}").last?.value)
        let alone = try [new, old].map { try #require(try headers(.standard, [$0], "{}").last?.value) }
        #expect(both == alone.joined(separator: " "))
        #expect(try headers(.twenty, [new, old], "{}")[1].value == headers(.twenty, [new], "{}")[1].value)
    }

    @Test func signsAnEmptyBody() throws {
        let headers = try headers(.standard, [Self.standardVectors[0].0], "")
        let verifier = try WebhookVerifier(secrets: [EndpointSecret(stored: Self.standardVectors[0].0)])
        #expect(try verifier.verify(headers: headers, body: [], nowMilliseconds: 1_700_000_000_000) == "msg_1")
    }

    @Test(arguments: ["", "msg.1", "msg 1", "msg\r\nX: 1", "msg_\u{E9}", String(repeating: "m", count: 201)])
    func refusesIdentifiers(_ id: String) {
        #expect(throws: SigningError.self) { try headers(.standard, [Self.standardVectors[0].0], id: id, "{}") }
        #expect(throws: SigningError.self) { try headers(.none, [], id: id, "{}") }
    }

    @Test(arguments: SigningScheme.allCases.filter(\.needsSecret))
    func refusesToSendUnsigned(_ scheme: SigningScheme) {
        #expect(throws: SigningError.self) { try headers(scheme, [], "{}") }
    }

    @Test func theNonceIsNewEachTime() {
        let nonces = (0..<50).map { _ in WebhookSigner.Message(id: "m", body: [], nowMilliseconds: 0).nonce }
        #expect(Set(nonces).count == 50 && nonces.allSatisfy { $0.count == 16 })
    }
}
