internal import Basics
internal import Crypto

/// UUIDs of version 5: the same name in the same namespace always gives the same id, on every machine. Twenty takes ids
/// from its clients (versions 1 to 5 only), so that a create that is repeated makes no second record.
public struct NameBasedID: Sendable, Hashable {
    /// Namespace of everything that this system makes in Twenty.
    public static let aventora = NameBasedID(
        bytes: [0x6D, 0x1F, 0x0E, 0xB4, 0x5C, 0x1A, 0x5B, 0x0F, 0x9E, 0x64, 0x2C, 0x77, 0x0A, 0xD3, 0x41, 0x8B])

    /// The 16 bytes.
    private let bytes: [UInt8]

    private init(bytes: [UInt8]) { self.bytes = bytes }

    /// A given UUID as a namespace; nil when the text is none.
    public init?(_ text: String) {
        let digits = text.utf8.filter { $0 != UInt8(ascii: "-") }
        guard text.utf8.count == 36, digits.count == 32 else { return nil }
        var bytes: [UInt8] = []
        for index in stride(from: 0, to: 32, by: 2) {
            guard let high = Self.value(digits[index]), let low = Self.value(digits[index + 1]) else { return nil }
            bytes.append(high << 4 | low)
        }
        self.init(bytes: bytes)
        guard self.text == text.lowercased() else { return nil }
    }

    /// The id of a name in a namespace (RFC 9562, 5.5).
    ///
    /// - Parameter name: our key, such as `person:tips:4711`; what kind of thing it is belongs into it.
    public init(_ name: String, in namespace: NameBasedID = .aventora) {
        var bytes = Array(Insecure.SHA1.hash(data: namespace.bytes + Array(name.utf8)).prefix(16))
        bytes[6] = bytes[6] & 0x0F | 0x50
        bytes[8] = bytes[8] & 0x3F | 0x80
        self.init(bytes: bytes)
    }

    /// The id as Twenty and Postgres write it: lower case, with hyphens.
    public var text: String {
        let digits = Array(Hexadecimal.encode(bytes))
        return [0..<8, 8..<12, 12..<16, 16..<20, 20..<32].map { String(digits[$0]) }.joined(separator: "-")
    }

    private static func value(_ digit: UInt8) -> UInt8? {
        switch digit {
        case 0x30...0x39: digit - 0x30
        case 0x41...0x46: digit - 0x37
        case 0x61...0x66: digit - 0x57
        default: nil
        }
    }
}
