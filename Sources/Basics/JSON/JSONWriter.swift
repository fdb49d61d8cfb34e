/// Builds a JSON document as bytes, in the order of the calls. Commas and colons are placed by the writer.
///
/// The caller keeps begin and end calls paired and gives every key one value.
public struct JSONWriter: Sendable {
    /// What has been written.
    public private(set) var bytes: [UInt8]
    private var needsComma = false

    /// An empty writer. `capacity`: expected size in bytes.
    public init(capacity: Int = 0) {
        bytes = []
        bytes.reserveCapacity(capacity)
    }

    /// Opens an object.
    public mutating func beginObject() { open(UInt8(ascii: "{")) }
    /// Closes the object.
    public mutating func endObject() { close(UInt8(ascii: "}")) }
    /// Opens an array.
    public mutating func beginArray() { open(UInt8(ascii: "[")) }
    /// Closes the array.
    public mutating func endArray() { close(UInt8(ascii: "]")) }

    /// A member's key; its value must follow.
    public mutating func key(_ name: String) {
        separate()
        quote(name)
        bytes.append(UInt8(ascii: ":"))
        needsComma = false
    }

    /// A string value, escaped as RFC 8259 asks; text beyond ASCII stays UTF-8. Nil writes null.
    public mutating func string(_ text: String?) {
        guard let text else { return null() }
        separate()
        quote(text)
        needsComma = true
    }

    /// As much of a string as fits into `maximumBytes` of JSON text, the quotes included; then `…` if it was cut.
    public mutating func string(_ text: String, maximumBytes: Int) {
        separate()
        // A scalar takes at most six bytes, the ellipsis three, the quotes two.
        let end = bytes.count + maximumBytes - 11
        bytes.append(UInt8(ascii: "\""))
        for scalar in text.unicodeScalars {
            guard bytes.count <= end else {
                bytes.append(contentsOf: "…".utf8)
                break
            }
            for byte in UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter { escape(byte) }
        }
        bytes.append(UInt8(ascii: "\""))
        needsComma = true
    }

    /// `null`
    public mutating func null() { literal("null") }
    /// `true` or `false`
    public mutating func bool(_ flag: Bool) { literal(flag ? "true" : "false") }
    /// An integer.
    public mutating func integer(_ number: some BinaryInteger) { literal(String(number)) }

    /// A number, or `null` for one that JSON cannot hold.
    public mutating func double(_ number: Double) { literal(number.isFinite ? "\(number)" : "null") }

    /// Bytes that are one JSON value already, spliced untouched. Nil writes null.
    public mutating func raw(_ json: [UInt8]?) {
        guard let json else { return null() }
        separate()
        bytes.append(contentsOf: json)
        needsComma = true
    }

    /// A value, keys in their order.
    public mutating func value(_ value: JSONValue) {
        switch value {
        case .null: null()
        case .bool(let flag): bool(flag)
        case .number(let text): literal(text)
        case .string(let text): string(text)
        case .array(let items):
            beginArray()
            for item in items { self.value(item) }
            endArray()
        case .object(let object):
            beginObject()
            for member in object.members {
                key(member.key)
                self.value(member.value)
            }
            endObject()
        }
    }

    /// A value, keys sorted by their UTF-8 bytes at every level.
    public mutating func sortedValue(_ value: JSONValue) {
        switch value {
        case .array(let items):
            beginArray()
            for item in items { sortedValue(item) }
            endArray()
        case .object(let object):
            beginObject()
            for member in object.members.sorted(by: { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }) {
                key(member.key)
                sortedValue(member.value)
            }
            endObject()
        default: self.value(value)
        }
    }

    private mutating func open(_ byte: UInt8) {
        separate()
        bytes.append(byte)
        needsComma = false
    }

    private mutating func close(_ byte: UInt8) {
        bytes.append(byte)
        needsComma = true
    }

    private mutating func separate() {
        if needsComma { bytes.append(UInt8(ascii: ",")) }
    }

    private mutating func literal(_ text: String) {
        separate()
        bytes.append(contentsOf: text.utf8)
        needsComma = true
    }

    private mutating func quote(_ text: String) {
        bytes.append(UInt8(ascii: "\""))
        let start = bytes.count
        bytes.append(contentsOf: text.utf8)
        // Most text needs no escapes, and is then in its place already.
        if needsEscapes(from: start) {
            bytes.removeSubrange(start...)
            for byte in text.utf8 { escape(byte) }
        }
        bytes.append(UInt8(ascii: "\""))
    }

    private func needsEscapes(from start: Int) -> Bool {
        for index in start..<bytes.count {
            let byte = bytes[index]
            if byte < 0x20 || byte == 0x7F || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { return true }
        }
        return false
    }

    private mutating func escape(_ byte: UInt8) {
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"):
            bytes.append(UInt8(ascii: "\\"))
            bytes.append(byte)
        case 0x0A: bytes.append(contentsOf: "\\n".utf8)
        case 0x0D: bytes.append(contentsOf: "\\r".utf8)
        case 0x09: bytes.append(contentsOf: "\\t".utf8)
        case 0x08: bytes.append(contentsOf: "\\b".utf8)
        case 0x0C: bytes.append(contentsOf: "\\f".utf8)
        case 0..<0x20:
            bytes.append(contentsOf: "\\u00".utf8)
            bytes.append(Self.hexadecimal(byte >> 4))
            bytes.append(Self.hexadecimal(byte & 15))
        case 0x7F: bytes.append(contentsOf: "\\u007f".utf8)
        default: bytes.append(byte)
        }
    }

    private static func hexadecimal(_ digit: UInt8) -> UInt8 {
        digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10
    }
}
