/// One header field that may stand on the wire: a token as its name, a value without line breaks or other control
/// characters, so that nothing can begin another field or another request.
public struct HeaderField: Sendable, Hashable, CustomStringConvertible {
    /// As given.
    public let name: String
    /// As given; may be a secret.
    public let value: String

    /// Why a field is refused. Never holds the value.
    public struct Fault: Error, Sendable, Hashable, CustomStringConvertible {
        /// What is wrong, as a sentence without its full stop.
        public let description: String
    }

    /// Most bytes of a name.
    public static let maximumNameBytes = 128
    /// Most bytes of a value.
    public static let maximumValueBytes = 8_192

    /// Checks a field.
    public init(name: String, value: String) throws(Fault) {
        guard 1...Self.maximumNameBytes ~= name.utf8.count, name.utf8.allSatisfy(Self.isToken) else {
            throw Fault(description: "a header's name is 1 to \(Self.maximumNameBytes) letters, digits or -")
        }
        guard value.utf8.count <= Self.maximumValueBytes else {
            throw Fault(description: "the header \(name) is longer than \(Self.maximumValueBytes) bytes")
        }
        guard Self.isValue(value) else {
            throw Fault(description: "the header \(name) holds a line break or another control character")
        }
        self.name = name
        self.value = value
    }

    /// Whether a text may be a field's value: no control character but the tab.
    public static func isValue(_ text: String) -> Bool {
        text.utf8.allSatisfy { ($0 >= 0x20 && $0 != 0x7F) || $0 == 0x09 }
    }

    /// The name only.
    public var description: String { name }

    private static func isToken(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
        }
    }
}

extension HeaderField: CustomReflectable {
    /// The name only, so that `dump` shows no value.
    public var customMirror: Mirror { Mirror(self, children: ["name": name]) }
}
