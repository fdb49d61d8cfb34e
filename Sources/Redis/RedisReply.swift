/// One answer of the server, copied out of the C library's memory.
public enum RedisReply: Sendable, Equatable {
    /// No value: a missing key, a pop that timed out.
    case null
    case integer(Int64)
    /// A value, which may be any bytes.
    case bytes([UInt8])
    /// A simple status such as `OK`.
    case status(String)
    case array([RedisReply])
    /// The server refused this command, or this element of a script's answer.
    case failure(RedisServerFailure)

    /// The text of a value or status, with ill-formed UTF-8 repaired; nil for every other reply. Costs a copy.
    public var string: String? {
        switch self {
        case .bytes(let bytes): String(decoding: bytes, as: UTF8.self)
        case .status(let status): status
        default: nil
        }
    }

    /// The bytes of a value; nil for every other reply.
    public var bytesValue: [UInt8]? {
        if case .bytes(let bytes) = self { bytes } else { nil }
    }

    /// The number of an integer reply, or of a value that spells one in decimal; nil for every other reply.
    public var integerValue: Int64? {
        switch self {
        case .integer(let number): number
        case .bytes(let bytes): Int64(String(decoding: bytes, as: UTF8.self))
        default: nil
        }
    }

    /// The elements of an array; nil for every other reply.
    public var arrayValue: [RedisReply]? {
        if case .array(let elements) = self { elements } else { nil }
    }

    /// The server's error; nil for every other reply.
    public var failure: RedisServerFailure? {
        if case .failure(let failure) = self { failure } else { nil }
    }

    /// Whether there is no value.
    public var isNull: Bool { self == .null }
}
