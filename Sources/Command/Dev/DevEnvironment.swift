import Foundation

/// The environment of the programs that dev runs: what it was given, and what it adds.
package struct DevEnvironment: Sendable {
    /// The scopes of the token that dev makes: all there are.
    package static let allScopes = "events+jobs+read+admin"
    private static let targets = ["SALESFORCE", "DYNAMICS", "HUBSPOT", "ZOHO", "TWENTY"]

    /// Variables of every program.
    package let shared: [String: String]
    /// A token that may post events and read jobs, for the sample; nil when none of the given ones may do both.
    package let token: String?

    /// - Parameters:
    ///   - given: the environment that dev was started with.
    ///   - tokensFile: the text of the file that `API_TOKENS_FILE` names.
    ///   - listen: the API's address and port.
    ///   - receiverPort: where the built-in receiver is reached.
    ///   - peers: the systems that jobs call, if dev plays them.
    package init(
        given: [String: String], tokensFile: String?, secrets: DevSecrets, directory: String, listen: String,
        receiverPort: UInt16, redisURL: String, databaseURL: String, peers: DevPeers? = nil
    ) {
        var values = given
        let ownTokens = "dev:\(Self.allScopes):\(secrets.token)"
        func fill(_ key: String, _ value: String) {
            if values[key, default: ""].isEmpty { values[key] = value }
        }
        values["REDIS_URL"] = redisURL
        values["DATABASE_URL"] = databaseURL
        values["API_LISTEN"] = listen
        values[Leftovers.directoryVariable] = directory
        if given["API_TOKENS_FILE", default: ""].isEmpty { fill("API_TOKENS", ownTokens) }
        fill("SECRETS_KEY", secrets.secretsKey)
        fill("AVENTORA_WEBHOOK_SECRET", secrets.webhookSecret)
        fill("LOG_FORMAT", "text")
        // A day with the peers is thousands of lines otherwise.
        fill("LOG_LEVEL", peers == nil ? "info" : "notice")
        if Self.targets.allSatisfy({ given["\($0)_WEBHOOK_URL", default: ""].isEmpty }) {
            values["TWENTY_WEBHOOK_URL"] = "http://127.0.0.1:\(receiverPort)/rest/aventora/webhook"
            values["TWENTY_WEBHOOK_SECRET"] = values["AVENTORA_WEBHOOK_SECRET"]
        }
        let allowed = given["OUTBOUND_ALLOW", default: ""].split(separator: ",").map(String.init)
        let own = ["127.0.0.1:\(receiverPort)"] + (peers.map { [$0.outbound] } ?? [])
        values["OUTBOUND_ALLOW"] = (allowed + own).joined(separator: ",")
        let played = peers?.variables(given, secret: secrets.webhookSecret) ?? [:]
        values.merge(played) { $1 }
        peerVariables = played.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
        shared = values
        token = Self.token(from: values["API_TOKENS"] ?? tokensFile ?? "")
        fileTokens = values["API_TOKENS"] ?? tokensFile ?? ""
    }

    private let fileTokens: String
    private let peerVariables: [(key: String, value: String)]

    /// The lines of `dev.env`.
    package func published(port: UInt16) -> [(key: String, value: String)] {
        [("API_URL", "http://127.0.0.1:\(port)"), ("API_TOKENS", fileTokens)]
            + ["REDIS_URL", "DATABASE_URL", "SECRETS_KEY", "AVENTORA_WEBHOOK_SECRET"].map { ($0, shared[$0] ?? "") }
            + peerVariables
    }

    /// The environment of one program.
    ///
    /// - Parameters:
    ///   - index: of the worker, from 1; nil for other programs.
    ///   - metricsPort: where it shows its metrics unless `METRICS_LISTEN` says otherwise. A given address goes to the
    ///     first worker only, since two processes cannot share it; a given `0` goes to all.
    package func program(index: Int?, metricsPort: UInt16) -> [String: String] {
        var values = shared
        if let index { values["WORKER_NAME"] = "dev-\(index)" }
        let metrics = shared["METRICS_LISTEN", default: ""]
        let isForThis = metrics == "0" || (!metrics.isEmpty && index == 1)
        values["METRICS_LISTEN"] = isForThis ? metrics : "127.0.0.1:\(metricsPort)"
        return values
    }

    /// The first token of `name:scope+scope:token` items that has the scopes `events` and `read`.
    static func token(from items: String) -> String? {
        for item in items.split(whereSeparator: { $0 == "," || $0.isNewline }) {
            let parts = item.trimmingCharacters(in: .whitespaces).split(separator: ":", maxSplits: 2)
            guard parts.count == 3 else { continue }
            let scopes = Set(parts[1].split(separator: "+"))
            if scopes.isSuperset(of: ["events", "read"]) { return String(parts[2]) }
        }
        return nil
    }
}
