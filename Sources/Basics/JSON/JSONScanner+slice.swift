extension JSONParser {
    /// The bytes of one member's value as they stand in a document that is an object: what is passed on is what was
    /// posted. Nil when the document has no such member or is no object. Costs a second pass.
    ///
    /// - Throws: as ``parse(_:limits:)`` does for a malformed document, as far as the member.
    public static func slice(
        of key: String, in bytes: [UInt8], limits: JSONLimits = JSONLimits()
    ) throws(JSONError) -> [UInt8]? {
        try range(of: key, in: bytes, limits: limits).map { Array(bytes[$0]) }
    }

    /// Where one member's value stands in a document that is an object. As ``slice(of:in:limits:)`` otherwise.
    public static func range(
        of key: String, in bytes: [UInt8], limits: JSONLimits = JSONLimits()
    ) throws(JSONError) -> Range<Int>? {
        guard bytes.count <= limits.bytes else {
            throw JSONError(.tooLong, at: limits.bytes, "The document is longer than \(limits.bytes) bytes.")
        }
        var scanner = JSONScanner(bytes: bytes, limits: limits)
        return try scanner.rangeOfMember(key)
    }
}

extension JSONScanner {
    fileprivate mutating func rangeOfMember(_ wanted: String) throws(JSONError) -> Range<Int>? {
        skipSpace()
        guard index < bytes.count else { throw end() }
        guard bytes[index] == UInt8(ascii: "{") else { return nil }
        index += 1
        skipSpace()
        while index < bytes.count, bytes[index] == UInt8(ascii: "\"") {
            let key = try string()
            skipSpace()
            guard index < bytes.count else { throw end() }
            guard bytes[index] == UInt8(ascii: ":") else {
                throw JSONError(.unexpectedByte, at: index, "A colon was expected after the key.")
            }
            index += 1
            skipSpace()
            let start = index
            _ = try value(depth: 1)
            if ExactText(key) == ExactText(wanted) { return start..<index }
            skipSpace()
            guard index < bytes.count, bytes[index] == UInt8(ascii: ",") else { return nil }
            index += 1
            skipSpace()
        }
        return nil
    }
}
