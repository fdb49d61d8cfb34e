/// Reads one RFC 8259 document from bytes, strictly and in one pass.
///
/// Beyond the grammar it refuses duplicate keys, bytes that are not UTF-8 and lone surrogate escapes (malformed), and,
/// in documents that are otherwise whole, NUL characters and numbers past 2^53 or past Double (refused values).
/// A byte order mark is not skipped. A document with both kinds of fault is malformed.
///
/// Recursion is bounded by `JSONLimits.depth`. Cost: about 1 ns a byte and one allocation per container and long string.
public enum JSONParser {
    /// The document in `bytes`. Throws the first fault of a malformed document, or all refused values of a whole one.
    public static func parse(_ bytes: [UInt8], limits: JSONLimits = JSONLimits()) throws(JSONError) -> JSONValue {
        guard bytes.count <= limits.bytes else {
            throw JSONError(.tooLong, at: limits.bytes, "The document is longer than \(limits.bytes) bytes.")
        }
        var scanner = JSONScanner(bytes: bytes, limits: limits)
        let value = try scanner.document()
        if let first = scanner.refusals.first {
            var error = JSONError(first.code, at: first.byteOffset, pointer: first.pointer, first.message)
            error.problems = scanner.refusals.map { FieldProblem(pointer: $0.pointer, detail: $0.message) }
            throw error
        }
        return value
    }
}

/// The parser's position. Members are parsed by the extensions in `JSONScanner+string.swift` and `+number.swift`.
struct JSONScanner {
    let bytes: [UInt8]
    let limits: JSONLimits
    var index = 0
    var values = 0
    /// Refused values of a document that may still turn out malformed. Pointers grow as containers close.
    var refusals: [JSONError] = []

    init(bytes: [UInt8], limits: JSONLimits) {
        self.bytes = bytes
        self.limits = limits
    }

    mutating func document() throws(JSONError) -> JSONValue {
        skipSpace()
        let value = try value(depth: 0)
        skipSpace()
        guard index == bytes.count else {
            throw JSONError(.trailingBytes, at: index, "Something follows the end of the document.")
        }
        return value
    }

    mutating func value(depth: Int) throws(JSONError) -> JSONValue {
        values += 1
        guard values <= limits.values else {
            throw JSONError(.tooManyValues, at: index, "The document holds more than \(limits.values) values.")
        }
        guard index < bytes.count else { throw end() }
        switch bytes[index] {
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "{"): return .object(try object(depth: depth + 1))
        case UInt8(ascii: "["): return .array(try array(depth: depth + 1))
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return .number(try number())
        case UInt8(ascii: "t"): return try literal("true", .bool(true))
        case UInt8(ascii: "f"): return try literal("false", .bool(false))
        case UInt8(ascii: "n"): return try literal("null", .null)
        default: throw JSONError(.unexpectedByte, at: index, "A value was expected here.")
        }
    }

    private mutating func array(depth: Int) throws(JSONError) -> [JSONValue] {
        try enter(depth)
        var items: [JSONValue] = []
        if try closes(UInt8(ascii: "]")) { return items }
        while true {
            let known = refusals.count
            do {
                items.append(try value(depth: depth))
            } catch {
                throw error.within("/\(items.count)")
            }
            if refusals.count > known { place(from: known, within: "/\(items.count - 1)") }
            if try ends(with: UInt8(ascii: "]"), "A comma or the end of the array was expected.") { return items }
        }
    }

    private mutating func object(depth: Int) throws(JSONError) -> JSONObject {
        try enter(depth)
        var members: [JSONObject.Member] = []
        if try closes(UInt8(ascii: "}")) { return JSONObject(members: members) }
        members.reserveCapacity(8)
        var seen: Set<ExactText> = []
        while true {
            guard index < bytes.count else { throw end() }
            guard bytes[index] == UInt8(ascii: "\"") else {
                throw JSONError(.unexpectedByte, at: index, "A key in double quotes was expected here.")
            }
            let known = refusals.count
            let start = index
            let key = try string()
            if refusals.count > known { place(from: known, within: FieldProblem.token(key)) }
            if Self.isTaken(key, in: members, &seen) {
                let message = "The same key stands twice in one object."
                throw JSONError(.duplicateKey, at: start, pointer: FieldProblem.token(key), message)
            }
            skipSpace()
            guard index < bytes.count else { throw end() }
            guard bytes[index] == UInt8(ascii: ":") else {
                throw JSONError(.unexpectedByte, at: index, "A colon was expected after the key.")
            }
            index += 1
            skipSpace()
            let placed = refusals.count
            do {
                members.append(JSONObject.Member(key: key, value: try value(depth: depth)))
            } catch {
                throw error.within(FieldProblem.token(key))
            }
            if refusals.count > placed { place(from: placed, within: FieldProblem.token(key)) }
            if try ends(with: UInt8(ascii: "}"), "A comma or the end of the object was expected.") {
                return JSONObject(members: members)
            }
        }
    }

    /// Whether an object has the key already, byte for byte (`==` also joins canonical equivalents). Few members are
    /// compared one by one; many go through a set, so the cost stays linear.
    private static func isTaken(_ key: String, in members: [JSONObject.Member], _ seen: inout Set<ExactText>) -> Bool {
        guard members.count >= 16 else {
            for member in members where member.key == key && ExactText(member.key) == ExactText(key) { return true }
            return false
        }
        if seen.isEmpty {
            for member in members { seen.insert(ExactText(member.key)) }
        }
        return !seen.insert(ExactText(key)).inserted
    }

    private mutating func enter(_ depth: Int) throws(JSONError) {
        guard depth <= limits.depth else {
            throw JSONError(.tooDeep, at: index, "The document is nested deeper than \(limits.depth) levels.")
        }
        index += 1
        skipSpace()
    }

    private mutating func closes(_ byte: UInt8) throws(JSONError) -> Bool {
        guard index < bytes.count else { throw end() }
        guard bytes[index] == byte else { return false }
        index += 1
        return true
    }

    /// After a member: true at the container's end, false at a comma.
    private mutating func ends(with byte: UInt8, _ message: String) throws(JSONError) -> Bool {
        skipSpace()
        guard index < bytes.count else { throw end() }
        let next = bytes[index]
        guard next == byte || next == UInt8(ascii: ",") else { throw JSONError(.unexpectedByte, at: index, message) }
        index += 1
        if next == byte { return true }
        skipSpace()
        return false
    }

    private mutating func literal(_ text: StaticString, _ value: JSONValue) throws(JSONError) -> JSONValue {
        for expected in text.description.utf8 {
            guard index < bytes.count else { throw end() }
            guard bytes[index] == expected else {
                throw JSONError(.unexpectedByte, at: index, "Only true, false and null are words of JSON.")
            }
            index += 1
        }
        return value
    }

    mutating func skipSpace() {
        while index < bytes.count {
            switch bytes[index] {
            case 0x20, 0x0A, 0x0D, 0x09: index += 1
            default: return
            }
        }
    }

    private mutating func place(from first: Int, within token: String) {
        for position in first..<refusals.count { refusals[position] = refusals[position].within(token) }
    }

    mutating func refuse(_ code: JSONError.Code, at offset: Int, _ message: String) {
        guard refusals.count < InputError.maximumProblems else { return }
        refusals.append(JSONError(code, at: offset, message))
    }

    func end() -> JSONError {
        let message = bytes.isEmpty ? "The document is empty." : "The document ends too early."
        return JSONError(.unexpectedEnd, at: index, message)
    }
}

/// A string that equals only the same bytes.
struct ExactText: Hashable {
    let text: String

    init(_ text: String) { self.text = text }

    static func == (left: ExactText, right: ExactText) -> Bool { left.text.utf8.elementsEqual(right.text.utf8) }

    func hash(into hasher: inout Hasher) {
        for byte in text.utf8 { hasher.combine(byte) }
    }
}
