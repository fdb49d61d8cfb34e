// The command is kept as the bytes that go on the wire, so that sending it is one copy: each argument is
// "$<length>\r\n<bytes>\r\n" in one flat buffer, and only the "*<count>\r\n" line is made while sending. For a script the
// words EVALSHA and the digest are made while sending too, because the digest is the connection's business.

/// One command and its arguments, in one buffer: no allocation per argument.
public struct RedisCommand: Sendable, CustomStringConvertible {
    private(set) var body: [UInt8] = []
    private(set) var argumentCount = 0
    let script: RedisScript?

    /// A command such as `GET`.
    ///
    /// - Parameters:
    ///   - name: one word; subcommands are arguments.
    ///   - reserving: expected bytes of all arguments, so that the buffer need not grow.
    public init(_ name: String, reserving: Int = 0) {
        script = nil
        body.reserveCapacity(reserving + name.utf8.count + RedisCommand.argumentOverhead)
        append(name)
    }

    /// A command with text arguments.
    public init(_ name: String, arguments: [String]) {
        self.init(name, reserving: arguments.reduce(0) { $0 + $1.utf8.count + RedisCommand.argumentOverhead })
        for argument in arguments { append(argument) }
    }

    /// A call of a script (`EVALSHA`), whose arguments are appended afterwards.
    ///
    /// If the server does not have the script, the client loads it and repeats the call once it has.
    public init(script: RedisScript, keys: [String], reserving: Int = 0) {
        self.script = script
        let keyBytes = keys.reduce(0) { $0 + $1.utf8.count + RedisCommand.argumentOverhead }
        body.reserveCapacity(reserving + keyBytes + RedisCommand.argumentOverhead)
        append(keys.count)
        for key in keys { append(key) }
    }

    /// Adds an argument: the text's UTF-8 bytes.
    public mutating func append(_ string: String) {
        let bytes = string.utf8
        appendLength(bytes.count)
        body.append(contentsOf: bytes)
        appendLineEnd()
    }

    /// Adds an argument of any bytes.
    public mutating func append(_ bytes: [UInt8]) {
        appendLength(bytes.count)
        body.append(contentsOf: bytes)
        appendLineEnd()
    }

    /// Adds an argument of any bytes.
    public mutating func append(_ bytes: ArraySlice<UInt8>) {
        appendLength(bytes.count)
        body.append(contentsOf: bytes)
        appendLineEnd()
    }

    /// Adds an argument of any bytes.
    public mutating func append(_ bytes: Span<UInt8>) {
        appendLength(bytes.count)
        for index in bytes.indices { body.append(bytes[index]) }
        appendLineEnd()
    }

    /// Adds an argument of any bytes.
    public mutating func append(_ bytes: some Collection<UInt8>) {
        appendLength(bytes.count)
        body.append(contentsOf: bytes)
        appendLineEnd()
    }

    /// Adds an argument: the number in decimal.
    public mutating func append(_ number: Int64) {
        appendLength(number.decimalDigitCount)
        body.appendDecimal(number)
        appendLineEnd()
    }

    /// Adds an argument: the number in decimal.
    public mutating func append(_ number: Int) { append(Int64(number)) }

    /// The command's name and the number of its arguments; never the arguments.
    public var description: String {
        let count = script == nil ? argumentCount - 1 : argumentCount
        return "\(script?.description ?? name) with \(count) arguments"
    }

    /// About how many bytes it takes on the wire.
    var byteCount: Int { body.count + (script == nil ? 16 : RedisCommand.scriptOverhead) }

    /// Appends the whole command as it goes on the wire; `digest` is the script's, if it is one.
    func write(to buffer: inout [UInt8], digest: [UInt8]? = nil) {
        buffer.append(UInt8(ascii: "*"))
        if let digest {
            buffer.appendDecimal(Int64(argumentCount + 2))
            buffer.append(contentsOf: RedisCommand.scriptHead)
            buffer.append(contentsOf: digest)
        } else {
            buffer.appendDecimal(Int64(argumentCount))
        }
        buffer.append(UInt8(ascii: "\r"))
        buffer.append(UInt8(ascii: "\n"))
        buffer.append(contentsOf: body)
    }

    /// The first argument of a command that is no script call.
    private var name: String {
        let afterLength = body.drop { $0 != UInt8(ascii: "\n") }.dropFirst()
        return String(decoding: afterLength.prefix { $0 != UInt8(ascii: "\r") }, as: UTF8.self)
    }

    private mutating func appendLength(_ count: Int) {
        argumentCount += 1
        body.append(UInt8(ascii: "$"))
        body.appendDecimal(Int64(count))
        appendLineEnd()
    }

    private mutating func appendLineEnd() {
        body.append(UInt8(ascii: "\r"))
        body.append(UInt8(ascii: "\n"))
    }

    /// A digest is 40 hexadecimal digits.
    static let digestBytes = 40

    private static let scriptHead = Array("\r\n$7\r\nEVALSHA\r\n$40\r\n".utf8)
    private static let scriptOverhead = 96
    private static let argumentOverhead = 16
}

extension Int64 {
    /// Characters of the decimal form, with the sign.
    fileprivate var decimalDigitCount: Int {
        var count = self < 0 ? 2 : 1
        var rest = magnitude
        while rest > 9 {
            rest /= 10
            count += 1
        }
        return count
    }
}

extension [UInt8] {
    fileprivate mutating func appendDecimal(_ number: Int64) {
        if number >= 0, number < 10 {
            append(UInt8(ascii: "0") + UInt8(number))
            return
        }
        if number < 0 { append(UInt8(ascii: "-")) }
        var divisor: UInt64 = 1
        while number.magnitude / divisor > 9 { divisor *= 10 }
        while divisor > 0 {
            append(UInt8(ascii: "0") + UInt8(number.magnitude / divisor % 10))
            divisor /= 10
        }
    }
}
