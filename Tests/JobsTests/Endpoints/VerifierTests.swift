import Basics
import Testing

@testable import Jobs

/// The negative cases of the reference, and that what is signed verifies.
@Suite(.timeLimit(.minutes(1)))
struct VerifierTests {
    private static let now: Int64 = 1_614_265_330_000
    private static let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    private static let other = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
    private static let body = #"{"test": 2432232314}"#
    private static let id = "msg_p5jXN8AQM9LWM0D4loKWxJek"
    private static let good = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="

    private func verify(
        id: String = id, timestamp: String = "1614265330", signature: String = good, body: String = body,
        secrets: [String] = [secret], now: Int64 = now, names: (String, String, String)? = nil,
        extra: [(name: String, value: String)] = []
    ) throws -> String {
        let names = names ?? ("webhook-id", "webhook-timestamp", "webhook-signature")
        let headers = [(names.0, id), (names.1, timestamp), (names.2, signature)].map { (name: $0.0, value: $0.1) }
        let verifier = try WebhookVerifier(secrets: secrets.map(EndpointSecret.init(stored:)))
        return try verifier.verify(headers: headers + extra, body: Array(body.utf8), nowMilliseconds: now)
    }

    private func refusal(_ verify: () throws -> String) -> WebhookVerifier.Refusal? {
        do {
            _ = try verify()
            return nil
        } catch {
            return error as? WebhookVerifier.Refusal
        }
    }

    @Test func acceptsTheVectors() throws {
        for (secret, id, seconds, body, signature) in SignerTests.standardVectors {
            #expect(
                try verify(
                    id: id, timestamp: "\(seconds)", signature: signature, body: body, secrets: [secret],
                    now: seconds * 1_000) == id)
        }
    }

    @Test func acceptsThePublicHalfOfAVectorAndNoOther() throws {
        let (_, id, seconds, body, signature) = SignerTests.standardVectors[3]
        func verify(_ key: String) throws -> String {
            try self.verify(
                id: id, timestamp: "\(seconds)", signature: signature, body: body, secrets: [key], now: seconds * 1_000)
        }
        #expect(try verify("whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4=") == id)
        let another = "whsk_" + Base64.encode([UInt8](repeating: 7, count: 32))
        #expect(refusal { try verify(another) } == .mismatch)
    }

    @Test func acceptsHeaderNamesInAnyCase() throws {
        #expect(try verify(names: ("Webhook-Id", "WEBHOOK-TIMESTAMP", "webhook-Signature")) == Self.id)
    }

    @Test(arguments: [0, 299, 300, -299, -300] as [Int64])
    func acceptsClocksThatDiffer(_ seconds: Int64) throws {
        #expect(try verify(now: Self.now + seconds * 1_000) == Self.id)
    }

    @Test func refusesOldAndFutureTimestamps() {
        #expect(refusal { try verify(now: Self.now + 301_000) } == .stale)
        #expect(refusal { try verify(now: Self.now - 301_000) } == .future)
        #expect(refusal { try verify(timestamp: "999999999999999") } == .future)
        #expect(refusal { try verify(timestamp: "0") } == .stale)
    }

    @Test(arguments: [
        "1614265330.0", " 1614265330", "1614265330 ", "+1614265330", "-1614265330", "1e9", "0x60383D32", "١٦١٤٢٦٥٣٣٠",
        "9999999999999999", "16142653304294967296",
    ])
    func refusesTimestamps(_ timestamp: String) {
        #expect(refusal { try verify(timestamp: timestamp) } == .badTimestamp)
    }

    @Test func refusesAnyFlippedBit() {
        let bytes = Array(Self.body.utf8)
        for index in bytes.indices {
            for bit in 0..<7 {
                var flipped = bytes
                flipped[index] ^= 1 << bit
                let text = String(decoding: flipped, as: UTF8.self)
                #expect(refusal { try verify(body: text) } == .mismatch)
            }
        }
        #expect(refusal { try verify(body: Self.body + " ") } == .mismatch)
        #expect(refusal { try verify(id: "msg_other") } == .mismatch)
        #expect(refusal { try verify(timestamp: "1614265331") } == .mismatch)
        #expect(refusal { try verify(secrets: [Self.other]) } == .mismatch)
    }

    @Test(arguments: [
        "v2,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE= \(good)", "\(good)  v1,AAAA", "  \(good)  ", "v1, \(good)",
        ", \(good)", "v1,AAAA \(good)", "v1a,AAAA \(good)", "garbage \(good)",
    ])
    func findsTheGoodTokenAmongOthers(_ signature: String) throws {
        #expect(try verify(signature: signature) == Self.id)
    }

    @Test(arguments: [
        "v2,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=", "v1,", "v1", ",", " ",
        "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE",
        "v1a,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=", "V1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
        "v1,,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=", "g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
        "v1,g0hM9SsE-OTPJTGt_tmIKtSyZlE3uFJELVlNIOLJ1OE=", "v1,g0hM9SsE",
    ])
    func refusesTokens(_ signature: String) { #expect(refusal { try verify(signature: signature) } == .mismatch) }

    @Test func refusesMissingEmptyAndRepeatedHeaders() throws {
        #expect(refusal { try verify(id: "") } == .missing)
        #expect(refusal { try verify(timestamp: "") } == .missing)
        #expect(refusal { try verify(signature: "") } == .missing)
        for name in ["webhook-id", "Webhook-Timestamp", "WEBHOOK-SIGNATURE"] {
            #expect(refusal { try verify(extra: [(name, "x")]) } == .missing)
        }
        let verifier = try WebhookVerifier(secrets: [EndpointSecret(stored: Self.secret)])
        #expect(refusal { try verifier.verify(headers: [], body: [], nowMilliseconds: Self.now) } == .missing)
    }

    @Test(arguments: [[secret, other], [other, secret]])
    func acceptsTwoSecretsInEitherOrder(_ secrets: [String]) throws {
        #expect(try verify(secrets: secrets) == Self.id)
        // And what two secrets signed, for a receiver that has only one of them.
        let message = WebhookSigner.Message(id: "msg_2", body: [1], nowMilliseconds: Self.now)
        let headers = try WebhookSigner.headers(
            for: message, scheme: .standard, secrets: secrets.map(EndpointSecret.init(stored:)))
        for secret in secrets {
            let verifier = try WebhookVerifier(secrets: [EndpointSecret(stored: secret)])
            #expect(try verifier.verify(headers: headers, body: [1], nowMilliseconds: Self.now) == "msg_2")
        }
    }

    @Test func tellsCallersNothing() {
        for refusal in WebhookVerifier.Refusal.allCases {
            #expect(!WebhookVerifier.publicDetail.contains(refusal.rawValue) || refusal == .missing)
        }
    }
}
