import Basics
import Jobs

/// The settings of record sync as people and programs are shown them: without the key.
public struct RecordSyncResource: Encodable, Sendable {
    /// nil while nobody has said.
    public let baseURL: String?
    /// Whether there is one for this address.
    public let hasAPIKey: Bool
    public let enabled: Bool
    public let mode: String
    /// `settings`, or `variables` while nothing is stored.
    public let source: String
    public let createdBy, updatedBy: String?
    public let createdAt, updatedAt: String?

    private enum CodingKeys: String, CodingKey {
        case enabled, mode, source
        case baseURL = "base_url"
        case hasAPIKey = "has_api_key"
        case createdBy = "created_by"
        case updatedBy = "updated_by"
        case createdAt = "created_at"
        case updatedAt = "updated_at"
    }

    init(_ config: RecordSyncConfig?, variables: RecordSyncSettings) {
        let time = { (milliseconds: Int64) in Timestamp(milliseconds: milliseconds).iso8601 }
        baseURL = (config?.baseURL ?? variables.baseURL)?.text
        hasAPIKey = config.map { $0.hasKey(with: variables) } ?? (variables.key != nil)
        enabled = config?.isEnabled ?? variables.isEnabled
        mode = (config?.mode ?? variables.mode).rawValue
        source = config == nil ? "variables" : "settings"
        (createdBy, updatedBy) = (config?.createdBy, config?.updatedBy)
        (createdAt, updatedAt) = (
            config.map { time($0.createdAtMilliseconds) }, config.map { time($0.updatedAtMilliseconds) }
        )
    }

    /// With null for what there is not.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(baseURL, forKey: .baseURL)
        try container.encode(hasAPIKey, forKey: .hasAPIKey)
        try container.encode(enabled, forKey: .enabled)
        try container.encode(mode, forKey: .mode)
        try container.encode(source, forKey: .source)
        try container.encode(createdBy, forKey: .createdBy)
        try container.encode(updatedBy, forKey: .updatedBy)
        try container.encode(createdAt, forKey: .createdAt)
        try container.encode(updatedAt, forKey: .updatedAt)
    }
}

/// What a test of the connection said.
public struct RecordSyncTestResource: Encodable, Sendable {
    public let ok: Bool
    public let latencyMilliseconds: Int64
    /// One sentence.
    public let message: String
    /// Why not; null when it is fine.
    public let code: String?

    private enum CodingKeys: String, CodingKey {
        case ok, message, code
        case latencyMilliseconds = "latency_ms"
    }

    init(_ failure: TwentyError?, latencyMilliseconds: Int64) {
        ok = failure == nil
        self.latencyMilliseconds = latencyMilliseconds
        message = failure?.message ?? "connected"
        code = failure?.code.description
    }

    /// With null for what there is not.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(ok, forKey: .ok)
        try container.encode(latencyMilliseconds, forKey: .latencyMilliseconds)
        try container.encode(message, forKey: .message)
        try container.encode(code, forKey: .code)
    }
}
