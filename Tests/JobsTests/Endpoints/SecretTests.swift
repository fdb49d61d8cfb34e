import Basics
import Testing

@testable import Jobs

@Suite(.timeLimit(.minutes(1)))
struct EndpointSecretTests {
    @Test func makesSecretsOf32RandomBytes() throws {
        let secrets = (0..<20).map { _ in EndpointSecret() }
        #expect(Set(secrets.map(\.revealed)).count == 20)
        for secret in secrets {
            #expect(secret.revealed.hasPrefix("whsec_"))
            #expect(Base64.decode(secret.revealed.dropFirst(6))?.count == 32)
            for scheme in SigningScheme.allCases { try secret.check(scheme) }
        }
    }

    /// 18 bytes, as Svix's page shows; no prefix; one byte; the longest; Ed25519 in both lengths.
    @Test(arguments: [
        "whsec_plJ3nmyCDGBKInavdOK15jsl", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_AA==",
        "whsec_" + Base64.encode([UInt8](repeating: 1, count: 128)),
        "whsk_" + Base64.encode([UInt8](repeating: 1, count: 32)), SignerTests.standardVectors[3].0,
    ])
    func importsForStandard(_ text: String) throws {
        #expect(try EndpointSecret(text, for: .standard).revealed == text)
    }

    @Test(arguments: [
        "", "whsec_", "whsec_not base64", "whsec_plJ3nmyCDGBKInavdOK15jsl=", "It's a Secret", "whsec_AA",
        "whsec_" + Base64.encode([UInt8](repeating: 1, count: 129)), "whsk_", "whsk_AAAA",
        "whsk_" + Base64.encode([UInt8](repeating: 1, count: 64)), "whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4=",
    ])
    func refusesForStandard(_ text: String) {
        #expect(throws: EndpointSecret.Fault.self) { try EndpointSecret(text, for: .standard) }
    }

    @Test func takesAnyTextForTheOthers() throws {
        for scheme in SigningScheme.allCases where scheme != .standard {
            #expect(try EndpointSecret("It's a Secret", for: scheme).revealed == "It's a Secret")
            for text in ["", "a\r\nX: 1", "é", String(repeating: "a", count: 1_025)] {
                #expect(throws: EndpointSecret.Fault.self) { try EndpointSecret(text, for: scheme) }
            }
        }
    }

    @Test func neverShows() {
        let secret = EndpointSecret()
        var dumped = ""
        dump(secret, to: &dumped)
        for text in ["\(secret)", String(reflecting: secret), dumped, "\([secret])", "\(Optional(secret) as Any)"] {
            #expect(!text.contains(secret.revealed) && !text.contains(secret.revealed.dropFirst(6)))
        }
        do {
            _ = try EndpointSecret("whsec_this-is-no-base64", for: .standard)
            Issue.record("it was taken")
        } catch {
            #expect(!"\(error)".contains("this-is"))
        }
    }
}

@Suite(.timeLimit(.minutes(1)))
struct SecretsKeyringTests {
    private static let first = Base64.encode([UInt8](repeating: 1, count: 32))
    private static let second = Base64.encode([UInt8](repeating: 2, count: 32))

    @Test func opensWhatItSealed() throws {
        let keyring = try SecretsKeyring(Self.first)
        for text in ["", "whsec_x", String(repeating: "é", count: 5_000)] {
            let sealed = try keyring.seal(text, of: "ep_1")
            #expect(sealed.keyID == keyring.newestKeyID)
            #expect(sealed.bytes.count == 29 + text.utf8.count)
            #expect(try keyring.open(sealed, of: "ep_1") == text)
        }
        #expect(try keyring.seal("a", of: "ep_1").bytes != keyring.seal("a", of: "ep_1").bytes)
    }

    @Test func refusesAnotherOwner() throws {
        let keyring = try SecretsKeyring(Self.first)
        let sealed = try keyring.seal("secret", of: "ep_1")
        expect(.damaged) { try keyring.open(sealed, of: "ep_2") }
        expect(.damaged) { try keyring.open(sealed, of: "") }
    }

    @Test func refusesAnyFlippedBit() throws {
        let keyring = try SecretsKeyring(Self.first)
        let sealed = try keyring.seal("secret", of: "ep_1")
        for index in sealed.bytes.indices {
            for bit in 0..<8 {
                var bytes = sealed.bytes
                bytes[index] ^= 1 << bit
                expect(.damaged) { try keyring.open(SealedSecret(keyID: sealed.keyID, bytes: bytes), of: "ep_1") }
            }
        }
        for count in 0..<sealed.bytes.count {
            let cut = SealedSecret(keyID: sealed.keyID, bytes: Array(sealed.bytes.prefix(count)))
            expect(.damaged) { try keyring.open(cut, of: "ep_1") }
        }
    }

    @Test func reKeysInSteps() throws {
        let old = try SecretsKeyring(Self.first)
        let both = try SecretsKeyring("\(Self.second), \(Self.first)")
        let new = try SecretsKeyring(Self.second)
        let sealed = try old.seal("secret", of: "ep_1")
        #expect(try both.open(sealed, of: "ep_1") == "secret")
        #expect(both.newestKeyID == new.newestKeyID && both.newestKeyID != old.newestKeyID)
        let moved = try both.seal(both.open(sealed, of: "ep_1"), of: "ep_1")
        #expect(try new.open(moved, of: "ep_1") == "secret")
        expect(.unknownKey) { try new.open(sealed, of: "ep_1") }
    }

    @Test func withoutKeysItSealsNothing() throws {
        let none = try SecretsKeyring("")
        #expect(!none.canSeal && none.newestKeyID == nil)
        expect(.noKey) { _ = try none.seal("a", of: "b") }
        expect(.noKey) { try none.open(SealedSecret(keyID: "x", bytes: []), of: "b") }
    }

    @Test(arguments: [
        "x", ",", "AAAA", first + ",", "," + first, first + "," + first, first.dropLast(1) + "", first + " " + second,
        Base64.encode([UInt8](repeating: 1, count: 31)), Base64.encode([UInt8](repeating: 1, count: 33)),
        (0..<9).map { Base64.encode([UInt8](repeating: $0, count: 32)) }.joined(separator: ","),
    ])
    func refusesValuesWithoutShowingThem(_ text: String) {
        do {
            _ = try SecretsKeyring(text)
            Issue.record("it was taken")
        } catch {
            #expect(text.utf8.count < 4 || !"\(error)".contains(text))
        }
    }

    @Test func neverShows() throws {
        let keyring = try SecretsKeyring(Self.first)
        var dumped = ""
        dump(keyring, to: &dumped)
        for text in ["\(keyring)", String(reflecting: keyring), dumped] { #expect(!text.contains(Self.first)) }
    }

    private func expect(_ code: SecretsError.Code, _ body: () throws -> some Any) {
        do {
            _ = try body()
            Issue.record("nothing was thrown")
        } catch {
            #expect((error as? SecretsError)?.code == code)
        }
    }
}
