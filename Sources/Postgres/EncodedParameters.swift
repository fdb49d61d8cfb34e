// Parameters as libpq takes them: one flat buffer, with an offset, length, format and type for each.
//
// Fixed-width values and arrays go in binary with their type named: no digits to print and parse, and no array text to
// quote, so no string can be quoted wrongly. Text and JSON go as text of unnamed type, because the server reads the
// binary form of an inferred type (uuid, jsonb) differently from text. Results come back as text: it needs no second
// round trip to learn the columns' types, and a column of any type can then be read as a string.

/// The parameters of one execution, ready to send.
struct EncodedParameters {
    /// libpq counts parameters in 16 bits.
    static let maximumCount = 65_535
    /// Far below the server's limit of 1 GiB for a message.
    static let maximumBytes = 512 * 1024 * 1024

    /// Where the value starts in ``bytes``; -1 for NULL.
    private(set) var offsets: [Int] = []
    private(set) var lengths: [Int32] = []
    /// 0 for text, 1 for binary.
    private(set) var formats: [Int32] = []
    /// `nil` for NULL, which fits every type.
    private(set) var types: [UInt32?] = []
    private(set) var bytes: [UInt8] = []

    init(_ values: [PostgresValue]) throws(PostgresError) {
        guard values.count <= Self.maximumCount else {
            throw Self.refusal("a statement takes at most \(Self.maximumCount) parameters")
        }
        offsets.reserveCapacity(values.count)
        for value in values {
            try append(value)
            guard bytes.count <= Self.maximumBytes else {
                throw Self.refusal("the parameters have more than \(Self.maximumBytes) bytes")
            }
        }
    }

    private mutating func append(_ value: PostgresValue) throws(PostgresError) {
        let start = bytes.count
        switch value {
        case .null:
            finish(type: nil, format: 0, offset: -1, length: 0)
        case .text(let text):
            try appendText(text.utf8, from: start)
        case .json(let json):
            try appendText(json, from: start)
        case .integer(let integer):
            bytes.appendBigEndian(integer)
            finish(type: TypeID.int8, from: start)
        case .boolean(let boolean):
            bytes.append(boolean ? 1 : 0)
            finish(type: TypeID.boolean, from: start)
        case .double(let double):
            bytes.appendBigEndian(double.bitPattern)
            finish(type: TypeID.float8, from: start)
        case .bytes(let value):
            bytes.append(contentsOf: value)
            finish(type: TypeID.bytes, from: start)
        case .instant(let milliseconds):
            bytes.appendBigEndian(try Self.microseconds(milliseconds))
            finish(type: TypeID.timestamptz, from: start)
        case .texts, .integers, .instants, .jsons, .byteStrings:
            try appendArray(value, from: start)
        }
    }

    private mutating func appendArray(_ value: PostgresValue, from start: Int) throws(PostgresError) {
        switch value {
        case .texts(let elements):
            try appendElements(elements, of: TypeID.text) { bytes, element throws(PostgresError) in
                try Self.checkText(element.utf8)
                bytes.append(contentsOf: element.utf8)
            }
            finish(type: TypeID.textArray, from: start)
        case .integers(let elements):
            try appendElements(elements, of: TypeID.int8) { bytes, element throws(PostgresError) in
                bytes.appendBigEndian(element)
            }
            finish(type: TypeID.int8Array, from: start)
        case .instants(let elements):
            try appendElements(elements, of: TypeID.timestamptz) { bytes, element throws(PostgresError) in
                bytes.appendBigEndian(try Self.microseconds(element))
            }
            finish(type: TypeID.timestamptzArray, from: start)
        case .jsons(let elements):
            try appendElements(elements, of: TypeID.json) { bytes, element throws(PostgresError) in
                try Self.checkText(element)
                bytes.append(contentsOf: element)
            }
            finish(type: TypeID.jsonArray, from: start)
        case .byteStrings(let elements):
            try appendElements(elements, of: TypeID.bytes) { bytes, element throws(PostgresError) in
                bytes.append(contentsOf: element)
            }
            finish(type: TypeID.bytesArray, from: start)
        default:
            preconditionFailure("not an array")
        }
    }

    /// Writes a one-dimensional array as the server's `array_recv` reads it.
    private mutating func appendElements<Element>(
        _ elements: [Element?],
        of type: UInt32,
        _ appendElement: (inout [UInt8], Element) throws(PostgresError) -> Void,
    ) throws(PostgresError) {
        bytes.appendBigEndian(Int32(elements.isEmpty ? 0 : 1))
        bytes.appendBigEndian(Int32(elements.contains { $0 == nil } ? 1 : 0))
        bytes.appendBigEndian(type)
        guard !elements.isEmpty else { return }
        guard elements.count <= Self.maximumBytes else {
            throw Self.refusal("the array has too many elements")
        }
        bytes.appendBigEndian(Int32(elements.count))
        bytes.appendBigEndian(Int32(1))
        for element in elements {
            guard let element else {
                bytes.appendBigEndian(Int32(-1))
                continue
            }
            let lengthAt = bytes.count
            bytes.appendBigEndian(Int32(0))
            try appendElement(&bytes, element)
            guard bytes.count <= Self.maximumBytes else {
                throw Self.refusal("the array has more than \(Self.maximumBytes) bytes")
            }
            bytes.storeBigEndian(Int32(bytes.count - lengthAt - 4), at: lengthAt)
        }
    }

    private mutating func appendText(
        _ text: some Collection<UInt8>,
        from start: Int,
    ) throws(PostgresError) {
        try Self.checkText(text)
        bytes.append(contentsOf: text)
        finish(type: TypeID.unknown, format: 0, offset: start, length: Int32(clamping: bytes.count - start))
        // libpq finds the end of a text parameter by its NUL.
        bytes.append(0)
    }

    private mutating func finish(type: UInt32, from start: Int) {
        finish(type: type, format: 1, offset: start, length: Int32(clamping: bytes.count - start))
    }

    private mutating func finish(type: UInt32?, format: Int32, offset: Int, length: Int32) {
        types.append(type)
        formats.append(format)
        offsets.append(offset)
        lengths.append(length)
    }

    /// Postgres stores no NUL in text; libpq would cut the text there.
    private static func checkText(_ text: some Collection<UInt8>) throws(PostgresError) {
        let holdsNUL = text.withContiguousStorageIfAvailable { unsafe $0.contains(0) } ?? text.contains(0)
        if holdsNUL { throw refusal("text holds a NUL character", SQLState.characterNotInRepertoire) }
    }

    private static func microseconds(_ milliseconds: Int64) throws(PostgresError) -> Int64 {
        guard PostgresInstant.millisecondsRange.contains(milliseconds) else {
            throw refusal("timestamp out of range", SQLState.dateTimeOverflow)
        }
        return PostgresInstant.serverMicroseconds(milliseconds)
    }

    /// Looks like the server's own refusal, so callers treat a bad value the same wherever it is found.
    private static func refusal(_ message: String, _ sqlState: String = SQLState.programLimitExceeded) -> PostgresError
    {
        PostgresError(.server, message, sqlState: sqlState)
    }
}

extension [UInt8] {
    fileprivate mutating func appendBigEndian(_ value: some FixedWidthInteger) {
        for shift in stride(from: value.bitWidth - 8, through: 0, by: -8) {
            append(UInt8(truncatingIfNeeded: value >> shift))
        }
    }

    fileprivate mutating func storeBigEndian(_ value: Int32, at index: Int) {
        for (offset, shift) in [24, 16, 8, 0].enumerated() {
            self[index + offset] = UInt8(truncatingIfNeeded: value >> Int32(shift))
        }
    }
}
