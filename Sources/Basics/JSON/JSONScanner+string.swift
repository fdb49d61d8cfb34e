extension JSONScanner {
    /// A string's text; the position is at its opening quote. A plain string is copied once, without a second buffer.
    mutating func string() throws(JSONError) -> String {
        let start = index + 1
        index = start
        while index < bytes.count {
            let byte = bytes[index]
            if byte == UInt8(ascii: "\"") {
                let text = try text(of: bytes.span.extracting(start..<index), at: start)
                index += 1
                return text
            }
            if byte == UInt8(ascii: "\\") { return try escapedString(from: start) }
            if byte < 0x20 { throw control() }
            index += 1
        }
        throw end()
    }

    /// The rest of a string that has an escape at the position; `start` is behind its opening quote.
    private mutating func escapedString(from start: Int) throws(JSONError) -> String {
        var buffer: [UInt8] = []
        buffer.reserveCapacity(index - start + 32)
        for position in start..<index { buffer.append(bytes[position]) }
        while index < bytes.count {
            let byte = bytes[index]
            switch byte {
            case UInt8(ascii: "\""):
                let text = try text(of: buffer.span, at: start)
                index += 1
                return text
            case UInt8(ascii: "\\"): try escape(into: &buffer)
            case 0..<0x20: throw control()
            default:
                buffer.append(byte)
                index += 1
            }
        }
        throw end()
    }

    private mutating func escape(into buffer: inout [UInt8]) throws(JSONError) {
        guard index + 1 < bytes.count else {
            index = bytes.count
            throw end()
        }
        let start = index
        let kind = bytes[index + 1]
        index += 2
        switch kind {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): buffer.append(kind)
        case UInt8(ascii: "n"): buffer.append(0x0A)
        case UInt8(ascii: "r"): buffer.append(0x0D)
        case UInt8(ascii: "t"): buffer.append(0x09)
        case UInt8(ascii: "b"): buffer.append(0x08)
        case UInt8(ascii: "f"): buffer.append(0x0C)
        case UInt8(ascii: "u"):
            let scalar = try escapedScalar(from: start)
            if scalar.value == 0 { refuse(.nulCharacter, at: start, "A NUL character (\\u0000) is not allowed.") }
            buffer.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
        default: throw JSONError(.invalidEscape, at: start, "JSON has no such escape.")
        }
    }

    /// The scalar of one `\uXXXX`, or of a pair of them; the position is behind the first `\u`.
    private mutating func escapedScalar(from start: Int) throws(JSONError) -> Unicode.Scalar {
        let high = try fourDigits()
        if let scalar = Unicode.Scalar(high) { return scalar }
        let lone = JSONError(.loneSurrogate, at: start, "Half of a surrogate pair stands alone.")
        guard high < 0xDC00, index + 1 < bytes.count else { throw lone }
        guard bytes[index] == UInt8(ascii: "\\"), bytes[index + 1] == UInt8(ascii: "u") else { throw lone }
        index += 2
        let low = try fourDigits()
        guard 0xDC00...0xDFFF ~= low else { throw lone }
        let value = 0x10000 + (high - 0xD800) << 10 + (low - 0xDC00)
        guard let scalar = Unicode.Scalar(value) else { throw lone }
        return scalar
    }

    private mutating func fourDigits() throws(JSONError) -> UInt32 {
        var value: UInt32 = 0
        for _ in 0..<4 {
            guard index < bytes.count else { throw end() }
            let byte = bytes[index]
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): value = value << 4 | UInt32(byte & 15)
            case UInt8(ascii: "a")...UInt8(ascii: "f"), UInt8(ascii: "A")...UInt8(ascii: "F"):
                value = value << 4 | UInt32(byte & 7 + 9)
            default: throw JSONError(.invalidEscape, at: index, "Four hexadecimal digits must follow \\u.")
            }
            index += 1
        }
        return value
    }

    private func text(of content: Span<UInt8>, at offset: Int) throws(JSONError) -> String {
        do {
            return String(copying: try UTF8Span(validating: content))
        } catch {
            throw JSONError(.invalidUTF8, at: offset, "A string is not valid UTF-8.")
        }
    }

    private func control() -> JSONError {
        JSONError(.controlCharacter, at: index, "A control character in a string must be escaped.")
    }
}
