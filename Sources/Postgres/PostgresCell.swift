/// One value of a result.
///
/// Each accessor throws ``PostgresError/Code/unexpectedResult`` for NULL (ask ``isNull`` or go through ``ifPresent``),
/// for a type it does not read and for a value that does not fit.
public struct PostgresCell: Sendable {
    private let column: RowStorage.Column
    private let text: ArraySlice<UInt8>?

    init(column: RowStorage.Column, text: ArraySlice<UInt8>?) {
        self.column = column
        self.text = text
    }

    /// Whether the value is NULL.
    public var isNull: Bool { text == nil }

    /// The cell unless it is NULL: `try row["note"].ifPresent?.string`.
    public var ifPresent: PostgresCell? { isNull ? nil : self }

    /// A value of any type, as the server prints it.
    public var string: String {
        get throws(PostgresError) { String(decoding: try present(), as: UTF8.self) }
    }

    /// `int2`, `int4`, `int8`, `oid`, and `numeric` (what `sum` makes of integers) when whole and in range.
    public var integer: Int64 {
        get throws(PostgresError) {
            let types = [TypeID.int8, TypeID.int4, TypeID.int2, TypeID.objectID, TypeID.numeric]
            let text = try present(types, "an integer")
            guard let integer = Int64(asciiDigits: text) else { throw unreadable("an integer of 64 bits") }
            return integer
        }
    }

    /// `bool`
    public var boolean: Bool {
        get throws(PostgresError) { try present([TypeID.boolean], "a boolean").first == UInt8(ascii: "t") }
    }

    /// `float4`, `float8`, `numeric` and the integer types.
    public var double: Double {
        get throws(PostgresError) {
            let types = [TypeID.float8, TypeID.float4, TypeID.numeric, TypeID.int8, TypeID.int4, TypeID.int2]
            let text = String(decoding: try present(types, "a number"), as: UTF8.self)
            guard let double = Double(text) else { throw unreadable("a number") }
            return double
        }
    }

    /// `bytea`
    public var bytes: [UInt8] {
        get throws(PostgresError) {
            let text = try present([TypeID.bytes], "bytes")
            guard let bytes = [UInt8](hexadecimal: text) else { throw unreadable("bytes in hexadecimal") }
            return bytes
        }
    }

    /// The raw text of `json` or `jsonb`, or of a text column that holds JSON.
    public var json: [UInt8] {
        get throws(PostgresError) {
            Array(try present([TypeID.jsonb, TypeID.json, TypeID.text, TypeID.varchar], "JSON"))
        }
    }

    /// `timestamptz`, or `timestamp` taken as UTC: milliseconds since 1970 UTC, rounded down. The infinities throw.
    public var instantMilliseconds: Int64 {
        get throws(PostgresError) {
            let text = try present([TypeID.timestamptz, TypeID.timestamp], "an instant")
            guard let milliseconds = PostgresInstant.milliseconds(text) else { throw unreadable("a finite instant") }
            return milliseconds
        }
    }

    private func present(_ types: [UInt32], _ what: String) throws(PostgresError) -> ArraySlice<UInt8> {
        guard types.contains(column.type) else {
            throw PostgresError(
                .unexpectedResult, "column \(column.name) is of type \(column.type), which is not \(what)")
        }
        return try present()
    }

    private func present() throws(PostgresError) -> ArraySlice<UInt8> {
        guard let text else { throw PostgresError(.unexpectedResult, "column \(column.name) is NULL") }
        return text
    }

    private func unreadable(_ what: String) -> PostgresError {
        PostgresError(.unexpectedResult, "column \(column.name) does not hold \(what)")
    }
}

extension Int64 {
    /// Decimal digits with an optional minus; `nil` for anything else or out of range.
    fileprivate init?(asciiDigits text: ArraySlice<UInt8>) {
        let isNegative = text.first == UInt8(ascii: "-")
        let digits = isNegative ? text.dropFirst() : text
        guard !digits.isEmpty else { return nil }
        var value: Int64 = 0
        for byte in digits {
            guard byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") else { return nil }
            let (tens, overflowsTens) = value.multipliedReportingOverflow(by: 10)
            // Counted downwards, because the smallest integer has no positive twin.
            let (next, overflows) = tens.subtractingReportingOverflow(Int64(byte - UInt8(ascii: "0")))
            guard !overflowsTens, !overflows else { return nil }
            value = next
        }
        guard isNegative || value != .min else { return nil }
        self = isNegative ? value : -value
    }
}

extension [UInt8] {
    /// The bytes of the server's `\x0aff` form.
    fileprivate init?(hexadecimal text: ArraySlice<UInt8>) {
        guard text.starts(with: [UInt8(ascii: "\\"), UInt8(ascii: "x")]), text.count.isMultiple(of: 2) else {
            return nil
        }
        self = []
        reserveCapacity(text.count / 2 - 1)
        var index = text.startIndex + 2
        while index < text.endIndex {
            guard let high = Self.digit(text[index]), let low = Self.digit(text[index + 1]) else { return nil }
            append(high << 4 | low)
            index += 2
        }
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        default: nil
        }
    }
}
