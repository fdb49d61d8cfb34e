import Basics
import Foundation

/// The secrets that dev makes once and keeps in its folder, so that a second run can read what the first one stored.
package struct DevSecrets: Hashable, Sendable {
    /// The token of the API user `dev`.
    package let token: String
    /// 32 bytes in base64.
    package let secretsKey: String
    /// The shared secret of the built-in receiver.
    package let webhookSecret: String

    package init(token: String, secretsKey: String, webhookSecret: String) {
        self.token = token
        self.secretsKey = secretsKey
        self.webhookSecret = webhookSecret
    }

    /// Reads `DIR/secrets.env`, filling in what is missing.
    package static func keep(in directory: String) throws(CommandError) -> DevSecrets {
        let path = "\(directory)/secrets.env"
        let kept = try PrivateFile.read(path).map { text throws(CommandError) in
            try EnvironmentFile.parse(text, name: path)
        }
        let secrets = DevSecrets(
            token: kept?["TOKEN"] ?? SecretMaker.hex(byteCount: 24),
            secretsKey: kept?["SECRETS_KEY"] ?? SecretMaker.base64(byteCount: 32),
            webhookSecret: kept?["AVENTORA_WEBHOOK_SECRET"] ?? SecretMaker.hex(byteCount: 24)
        )
        let text = EnvironmentFile.text([
            ("TOKEN", secrets.token), ("SECRETS_KEY", secrets.secretsKey),
            ("AVENTORA_WEBHOOK_SECRET", secrets.webhookSecret),
        ])
        if PrivateFile.read(path) != text { try PrivateFile.write(text, to: path) }
        return secrets
    }
}
