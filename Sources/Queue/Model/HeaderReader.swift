/// Reads the fields of an envelope's header where they stand, without a copy: this is done for every claimed job.
struct HeaderReader {
    let bytes: [UInt8]
    private(set) var position = 0

    init(bytes: [UInt8]) { self.bytes = bytes }

    var isAtLineEnd: Bool { position < bytes.count && bytes[position] == UInt8(ascii: "\n") }

    /// A decimal number that ends with `end`, which is passed.
    mutating func number(until end: UInt8) -> Int? {
        guard let value = digits(), position < bytes.count, bytes[position] == end else { return nil }
        position += 1
        return value
    }

    /// The last field that every header has: the line's end or a space follows.
    mutating func lastNumber() -> Int? {
        guard let value = digits(), position < bytes.count else { return nil }
        if bytes[position] == UInt8(ascii: " ") {
            position += 1
            return isAtLineEnd ? nil : value
        }
        return isAtLineEnd ? value : nil
    }

    /// A word that ends with a space, which is passed.
    mutating func token() -> String? {
        guard let word = word(), position < bytes.count, bytes[position] == UInt8(ascii: " ") else { return nil }
        position += 1
        return word
    }

    /// A retry policy. The usual one, `3x5000`, is read in place.
    mutating func policy() -> RetryPolicy? {
        let start = position
        if let attempts = number(until: UInt8(ascii: "x")), let delay = number(until: UInt8(ascii: " ")) {
            return RetryPolicy(attempts: attempts, delayMilliseconds: Int64(delay))
        }
        position = start
        return token(limit: Limits.maximumPolicyBytes).flatMap { RetryPolicy($0) }
    }

    /// A word that ends with the line.
    mutating func lastWord() -> String? {
        guard let word = word(), isAtLineEnd else { return nil }
        return word
    }

    /// `<letter>=<value>`; a single space after it is passed.
    mutating func option() -> (name: UInt8, value: Substring)? {
        guard position + 2 < bytes.count, bytes[position + 1] == UInt8(ascii: "=") else { return nil }
        let name = bytes[position]
        position += 2
        guard let value = word(), position < bytes.count else { return nil }
        if bytes[position] == UInt8(ascii: " ") {
            position += 1
            return isAtLineEnd ? nil : (name, value[...])
        }
        return isAtLineEnd ? (name, value[...]) : nil
    }

    private mutating func token(limit: Int) -> String? {
        guard let word = word(limit: limit), position < bytes.count, bytes[position] == UInt8(ascii: " ") else {
            return nil
        }
        position += 1
        return word
    }

    private mutating func word(limit: Int = 200) -> String? {
        let start = position
        while position < bytes.count, (0x21...0x7E).contains(bytes[position]) { position += 1 }
        guard (1...limit).contains(position - start) else { return nil }
        return String(decoding: bytes[start..<position], as: UTF8.self)
    }

    private mutating func digits() -> Int? {
        let start = position
        var value = 0
        while position < bytes.count, case let digit = bytes[position] &- UInt8(ascii: "0"), digit < 10 {
            value = value &* 10 &+ Int(digit)
            position += 1
        }
        return (1...18).contains(position - start) ? value : nil
    }
}
