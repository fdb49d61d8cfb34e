internal import FoundationEssentials

/// A job's arguments as an earlier version of its type had encoded them.
public struct StoredArguments: Sendable {
    /// Of the job's type.
    public let kind: String
    /// Of the arguments.
    public let version: Int
    /// JSON.
    public let bytes: [UInt8]

    /// Decodes them as a type that has the shape which they had then.
    ///
    /// - Throws: ``UnreadableArguments``.
    public func decode<Arguments: Decodable>(as type: Arguments.Type) throws -> Arguments {
        do {
            return try JSONDecoder().decode(type, from: Data(bytes))
        } catch let error as DecodingError {
            throw UnreadableArguments(kind: kind, version: version, reason: error.place)
        }
    }

    var unknownVersion: UnreadableArguments {
        UnreadableArguments(kind: kind, version: version, reason: "its type has no migration from that version")
    }
}

/// Why a job's arguments cannot be turned into a job. The job is buried with this reason: what cannot be read now will
/// not be readable a minute later, and a person can have it run again once a release can read it.
public struct UnreadableArguments: Error, Sendable, CustomStringConvertible {
    public let kind: String
    public let version: Int
    /// Which field is wrong and how. Says nothing of the values, which may be secret.
    public let reason: String

    public init(kind: String, version: Int, reason: String) {
        self.kind = kind
        self.version = version
        self.reason = reason
    }

    public var description: String { "the arguments of '\(kind)', version \(version), cannot be read: \(reason)" }
}

extension DecodingError {
    /// What is wrong and where, without the value.
    fileprivate var place: String {
        switch self {
        case .keyNotFound(let key, let context):
            "\(Self.path(context.codingPath + [key])) is missing"
        case .valueNotFound(_, let context):
            "\(Self.path(context.codingPath)) is null"
        case .typeMismatch(let type, let context):
            "\(Self.path(context.codingPath)) is no \(type)"
        case .dataCorrupted(let context):
            context.codingPath.isEmpty ? "they are not well-formed" : "\(Self.path(context.codingPath)) is not allowed"
        @unknown default:
            "they are of another shape"
        }
    }

    private static func path(_ keys: [any CodingKey]) -> String {
        guard !keys.isEmpty else { return "the whole" }
        return keys.map { key in key.intValue.map { "[\($0)]" } ?? key.stringValue }.joined(separator: ".")
    }
}
