extension JSONScanner {
    /// The largest integer every reader of JSON agrees on, 2^53.
    static var largestInteger: UInt64 { 1 << 53 }

    /// A number's text. Integers past 2^53, numbers past Double's range and overlong ones are refused values.
    mutating func number() throws(JSONError) -> String {
        let start = index
        if bytes[index] == UInt8(ascii: "-") { index += 1 }
        let magnitude = try integerPart()
        var isInteger = true
        if index < bytes.count, bytes[index] == UInt8(ascii: ".") {
            isInteger = false
            index += 1
            try digits("A digit must follow the decimal point.")
        }
        if index < bytes.count, bytes[index] | 0x20 == UInt8(ascii: "e") {
            isInteger = false
            index += 1
            let hasSign = index < bytes.count && (bytes[index] == 0x2B || bytes[index] == 0x2D)
            if hasSign { index += 1 }
            try digits("A digit must follow the exponent's mark.")
        }
        guard index - start <= limits.numberBytes else {
            refuse(.numberOutOfRange, at: start, "A number has more than \(limits.numberBytes) characters.")
            return "0"
        }
        let text = copy(start, index)
        if isInteger {
            if magnitude > Self.largestInteger {
                refuse(.numberOutOfRange, at: start, "An integer is past 2^53; send it as a string.")
            }
        } else if index - start > 300 || text.utf8.contains(where: { $0 | 0x20 == UInt8(ascii: "e") }) {
            if Double(text).map({ !$0.isFinite }) ?? true {
                refuse(.numberOutOfRange, at: start, "A number is past the range of a double.")
            }
        }
        return text
    }

    /// The integer's digits and their value, which stops growing once past 2^53.
    private mutating func integerPart() throws(JSONError) -> UInt64 {
        guard index < bytes.count else { throw end() }
        guard Self.isDigit(bytes[index]) else {
            throw JSONError(.invalidNumber, at: index, "A digit must follow the minus sign.")
        }
        if bytes[index] == UInt8(ascii: "0") {
            index += 1
            if index < bytes.count, Self.isDigit(bytes[index]) {
                throw JSONError(.invalidNumber, at: index, "A number must not start with a needless zero.")
            }
            return 0
        }
        var magnitude: UInt64 = 0
        while index < bytes.count, Self.isDigit(bytes[index]) {
            if magnitude <= Self.largestInteger { magnitude = magnitude * 10 + UInt64(bytes[index] & 15) }
            index += 1
        }
        return magnitude
    }

    private mutating func digits(_ message: String) throws(JSONError) {
        guard index < bytes.count else { throw end() }
        guard Self.isDigit(bytes[index]) else { throw JSONError(.invalidNumber, at: index, message) }
        while index < bytes.count, Self.isDigit(bytes[index]) { index += 1 }
    }

    private static func isDigit(_ byte: UInt8) -> Bool { byte &- UInt8(ascii: "0") < 10 }

    /// ASCII bytes as text.
    private func copy(_ start: Int, _ end: Int) -> String {
        var text = ""
        text.reserveCapacity(end - start)
        for position in start..<end { text.unicodeScalars.append(Unicode.Scalar(bytes[position])) }
        return text
    }
}
