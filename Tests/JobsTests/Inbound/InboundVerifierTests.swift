import Basics
import Crypto
import Testing

@testable import Jobs

/// Every combination of headers, and every way in which one of them can be wrong. What is expected is worked out here from
/// the rules, not by the verifier.
@Suite(.timeLimit(.minutes(2)))
struct InboundVerifierTests {
    private typealias Header = (name: String, value: String)
    private typealias Refusal = InboundVerifier.Refusal

    private static let now: Int64 = 1_709_546_400_123
    private static let secret = "4f1c0d6a9e2b7788aabbccddeeff00112233445566778899aabbccddeeff0011"
    private static let other = "another secret, of a person's own"
    private static let body = Array(#"{"eventName":"person.created","record":{"id":"é"}}"#.utf8)
    private static let names = [
        "X-Twenty-Webhook-Signature", "X-Twenty-Webhook-Timestamp", "X-Twenty-Webhook-Nonce", "X-Twenty-Signature",
        "X-Twenty-Timestamp",
    ]

    private static func sign(_ text: String, _ body: [UInt8] = body, _ secret: String = secret) -> String {
        let key = SymmetricKey(data: Array(secret.utf8))
        return Hexadecimal.encode(HMAC<SHA256>.authenticationCode(for: Array(text.utf8) + body, using: key))
    }

    private func verifier(
        _ secrets: [String] = [secret], allowsBodyOnly: Bool = false
    ) throws -> InboundVerifier {
        InboundVerifier(
            secrets: try secrets.map { try #require(WebhookSecret($0)) }, allowsBodyOnly: allowsBodyOnly)
    }

    /// The scheme, or why not.
    private func verdict(
        _ verifier: InboundVerifier, _ headers: [Header], _ body: [UInt8] = body, now: Int64 = now
    ) -> Result<InboundVerifier.Scheme, Refusal> {
        do throws(Refusal) {
            return .success(
                try verifier.verify(headers: headers, body: body, nowMilliseconds: now).scheme)
        } catch {
            return .failure(error)
        }
    }

    private func real(
        timestamp: String = "\(now)", signature: String? = nil, secret: String = secret
    ) -> [Header] {
        [
            ("X-Twenty-Webhook-Signature", signature ?? Self.sign("\(timestamp):", Self.body, secret)),
            ("X-Twenty-Webhook-Timestamp", timestamp), ("X-Twenty-Webhook-Nonce", "00112233445566778899aabbccddeeff"),
        ]
    }

    private func documented(timestamp: String = "\(now / 1_000)", signature: String? = nil) -> [Header] {
        [
            ("X-Twenty-Signature", signature ?? "sha256=" + Self.sign("\(timestamp).")),
            ("X-Twenty-Timestamp", timestamp),
        ]
    }

    /// 3^5 sets of headers, each there not at all, once or twice; signed for each scheme; with and without the body alone
    /// allowed: 1,458 requests.
    @Test func theHeadersDecideTheSchemeOnce() throws {
        let timestamp = "\(Self.now)"
        let signatures = [
            InboundVerifier.Scheme.twenty: Self.sign(timestamp + ":"), .documented: Self.sign(timestamp + "."),
            .body: Self.sign(""),
        ]
        var passes = 0
        for combination in 0..<243 {
            var (rest, counts) = (combination, [Int]())
            for _ in Self.names {
                counts.append(rest % 3)
                rest /= 3
            }
            for (scheme, signature) in signatures {
                let values = [signature, timestamp, "n", signature, timestamp]
                let headers = zip(Self.names, zip(values, counts)).flatMap { name, pair in
                    Array(repeating: (name: name, value: pair.0), count: pair.1)
                }
                for allows in [false, true] {
                    let expected = expectation(counts, scheme, allows)
                    let verdict = verdict(try verifier(allowsBodyOnly: allows), headers.shuffled())
                    #expect(verdict == expected, "\(counts) \(scheme) \(allows)")
                    if case .success = verdict { passes += 1 }
                }
            }
        }
        // Real with and without a nonce, documented: both ways; the body alone: when allowed.
        #expect(passes == 2 * 2 + 2 + 1)
    }

    private func expectation(
        _ counts: [Int], _ signedFor: InboundVerifier.Scheme, _ allows: Bool
    ) -> Result<InboundVerifier.Scheme, Refusal> {
        if counts.contains(2) { return .failure(.repeated) }
        let (isReal, isDocumented) = (counts[..<3].contains(1), counts[3...].contains(1))
        if isReal, isDocumented { return .failure(.mixed) }
        if isReal {
            guard counts[0] == 1, counts[1] == 1 else { return .failure(.missing) }
            return signedFor == .twenty ? .success(.twenty) : .failure(.mismatch)
        }
        guard counts[3] == 1 else { return .failure(.missing) }
        if counts[4] == 1 { return signedFor == .documented ? .success(.documented) : .failure(.mismatch) }
        guard allows else { return .failure(.bodyOnly) }
        return signedFor == .body ? .success(.body) : .failure(.mismatch)
    }

    @Test func takesSignaturesInEveryWriting() throws {
        let digits = Self.sign("\(Self.now):")
        for text in [digits, digits.uppercased(), "sha256=" + digits, "sha256=" + digits.uppercased()] {
            #expect(verdict(try verifier(), real(signature: text)) == .success(.twenty))
        }
        let wrong = [
            "", "sha256=", String(digits.dropLast()), digits + "0", " " + digits, digits + " ", "sha1=" + digits,
            "sha256:" + digits, "sha256=sha256=" + digits, "0x" + digits.dropFirst(2), "g" + digits.dropFirst(),
            digits + "," + digits, String(digits.map { $0 == "a" ? "ａ" : $0 }) + "ａ",
        ]
        for text in wrong {
            #expect(verdict(try verifier(), real(signature: text)) == .failure(.badSignature), "\(text)")
        }
    }

    @Test func namesAreOfAnyCase() throws {
        let headers = real().map { (name: $0.name.lowercased(), value: $0.value) }
        #expect(verdict(try verifier(), headers) == .success(.twenty))
        let twice = real() + [(name: "x-twenty-webhook-NONCE", value: "other")]
        #expect(verdict(try verifier(), twice) == .failure(.repeated))
    }

    @Test(arguments: [
        "", " 1709546400123", "1709546400123 ", "+709546400123", "-709546400123", "1709546400.12", "170954640e123",
        "0x09546400123", "١٧٠٩٥٤٦٤٠٠١٢٣", "17095464001234", "170954640012", "17095464001", "999999999",
        "99999999999999999999999999",
    ])
    func refusesTimestamps(_ text: String) throws {
        #expect(verdict(try verifier(), real(timestamp: text)) == .failure(.badTimestamp))
        #expect(verdict(try verifier(), documented(timestamp: text)) == .failure(.badTimestamp))
    }

    /// Either family's timestamp may be in either unit; the very text is signed.
    @Test func takesSecondsAndMilliseconds() throws {
        #expect(verdict(try verifier(), real(timestamp: "\(Self.now / 1_000)")) == .success(.twenty))
        #expect(verdict(try verifier(), documented(timestamp: "\(Self.now)")) == .success(.documented))
        #expect(verdict(try verifier(), documented()) == .success(.documented))
        // The same moment in another writing is another text.
        var headers = documented()
        headers[1].value = "\(Self.now / 1_000 * 1_000)"
        #expect(verdict(try verifier(), headers) == .failure(.mismatch))
    }

    @Test func theWindowIsFiveMinutesBothWays() throws {
        for (offset, expected) in [
            (-300_000, nil), (-300_001, Refusal.stale), (300_000, nil), (300_001, .future), (-86_400_000, .stale),
            (1_000_000_000_000, .future),
        ] as [(Int64, Refusal?)] {
            let verdict = verdict(try verifier(), real(timestamp: "\(Self.now + offset)"))
            #expect(verdict == expected.map { .failure($0) } ?? .success(.twenty), "\(offset)")
        }
        #expect(verdict(try verifier(), documented(timestamp: "0000000000")) == .failure(.stale))
        #expect(verdict(try verifier(), documented(timestamp: "9999999999")) == .failure(.future))
    }

    @Test func eitherOfTwoSecretsIsGood() throws {
        for secrets in [[Self.secret, Self.other], [Self.other, Self.secret]] {
            for secret in secrets {
                #expect(verdict(try verifier(secrets), real(secret: secret)) == .success(.twenty))
            }
        }
        #expect(verdict(try verifier([Self.other]), real()) == .failure(.mismatch))
        #expect(verdict(try verifier([]), real()) == .failure(.unconfigured))
        // The text of the secret is the key, not the bytes that its digits stand for.
        let bytes = stride(from: 0, to: 64, by: 2).map { index -> UInt8 in
            let start = Self.secret.index(Self.secret.startIndex, offsetBy: index)
            return UInt8(Self.secret[start...].prefix(2), radix: 16) ?? 0
        }
        let code = HMAC<SHA256>.authenticationCode(
            for: Array("\(Self.now):".utf8) + Self.body, using: SymmetricKey(data: bytes))
        #expect(verdict(try verifier(), real(signature: Hexadecimal.encode(code))) == .failure(.mismatch))
    }

    @Test func refusesAnyFlippedBit() throws {
        let verifier = try verifier()
        for index in Self.body.indices {
            for bit in 0..<8 {
                var body = Self.body
                body[index] ^= 1 << bit
                #expect(verdict(verifier, real(), body) == .failure(.mismatch))
            }
        }
        for body in [Self.body + [0x20], Array(Self.body.dropLast()), []] {
            #expect(verdict(verifier, real(), body) == .failure(.mismatch))
        }
        let digits = Array(Self.sign("\(Self.now):"))
        for index in digits.indices {
            var changed = digits
            changed[index] = changed[index] == "0" ? "1" : "0"
            #expect(verdict(verifier, real(signature: String(changed))) == .failure(.mismatch))
        }
    }

    /// What was signed for one scheme, bent so that the signed bytes are right for another: it is then no JSON object, and
    /// nothing is done for it.
    @Test func noSchemeServesForAnother() throws {
        let timestamp = "\(Self.now)"
        let bent = Array((timestamp + ":").utf8) + Self.body
        let headers: [Header] = [("X-Twenty-Signature", Self.sign(timestamp + ":"))]
        #expect(verdict(try verifier(), headers, bent) == .failure(.bodyOnly))
        #expect(verdict(try verifier(allowsBodyOnly: true), headers, bent) == .success(.body))
        #expect(throws: InputError.self) { try InboundReading.read(bent, nowMilliseconds: Self.now) }
    }

    @Test func aCopyHasTheSameNameWhateverItsNonce() throws {
        let verifier = try verifier()
        func name(_ headers: [Header]) throws -> String {
            try verifier.verify(headers: headers, body: Self.body, nowMilliseconds: Self.now).name
        }
        var headers = real()
        let first = try name(headers)
        headers[2].value = "ffffffffffffffffffffffffffffffff"
        headers[0].value = "sha256=" + headers[0].value.uppercased()
        #expect(try name(headers) == first)
        headers.removeLast()
        #expect(try name(headers) == first)
        #expect(try name(real(timestamp: "\(Self.now + 1)")) != first)
    }
}
