import Foundation
import Program
import Testing

@Suite(.timeLimit(.minutes(1)))
struct SecretTests {
    private struct Holder: Encodable {
        let name = "holder"
        let secret: Secret
    }

    private let hidden = "correct-horse-battery"

    @Test
    func isNeverShown() throws {
        let secret = try #require(Settings(environment: ["KEY": hidden]).secret("KEY"))
        let holder = Holder(secret: secret)
        var dumped = ""
        dump(holder, to: &dumped)
        let encoded = String(decoding: try JSONEncoder().encode(holder), as: UTF8.self)
        let shown = [
            "\(secret)", String(describing: secret), String(reflecting: secret), "\(holder)",
            String(reflecting: holder),
            "\(Optional(secret) as Any)", "\([secret])", "\(["k": secret])", dumped, encoded,
            "\(Array(Mirror(reflecting: secret).children))",
        ]
        for text in shown {
            #expect(!text.contains(hidden) && !text.contains("horse"))
        }
        #expect(secret.reveal() == hidden)
    }

    @Test
    func anErrorOfASecretDoesNotShowIt() {
        let error = Settings.invalid("KEY", value: nil, "expected 32 bytes of base64")
        #expect(error.message == "KEY: expected 32 bytes of base64")
    }

    @Test
    func anEmptySecretIsUnset() {
        #expect(Settings(environment: ["KEY": ""]).secret("KEY") == nil)
    }
}
