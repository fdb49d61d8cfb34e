/// Parses one line of an environment file.
struct EnvironmentLineParser {
    /// What a line should have been. Holds nothing of the line.
    struct Failure: Error {
        let expectation: String
    }

    private var rest: Substring

    init(_ line: Substring) {
        rest = line
    }

    /// The variable of this line, or nil for an empty line or a comment.
    mutating func parse() throws(Failure) -> (key: String, value: String)? {
        skipSpaces()
        if rest.isEmpty || rest.first == "#" { return nil }
        var key = takeName()
        if key == "export", rest.first == " " || rest.first == "\t" {
            skipSpaces()
            key = takeName()
        }
        guard !key.isEmpty, rest.first == "=" else { throw Failure(expectation: "expected KEY=value") }
        rest.removeFirst()
        let value = try takeValue()
        guard !value.contains("\0") else { throw Failure(expectation: "expected a value without a zero byte") }
        return (key, value)
    }

    private mutating func takeName() -> String {
        let isNameStart = rest.first.map { $0 == "_" || ($0.isASCII && $0.isLetter) } ?? false
        guard isNameStart else { return "" }
        let name = rest.prefix { $0 == "_" || ($0.isASCII && ($0.isLetter || $0.isNumber)) }
        rest = rest[name.endIndex...]
        return String(name)
    }

    private mutating func takeValue() throws(Failure) -> String {
        skipSpaces()
        guard let quote = rest.first, quote == "'" || quote == "\"" else { return takePlainValue() }
        rest.removeFirst()
        let value = quote == "'" ? try takeLiteral() : try takeEscaped()
        skipSpaces()
        guard rest.isEmpty || rest.first == "#" else {
            throw Failure(expectation: "expected nothing after the closing quote")
        }
        return value
    }

    private mutating func takePlainValue() -> String {
        var end = rest.startIndex
        var isAfterSpace = true
        var index = rest.startIndex
        while index < rest.endIndex {
            let character = rest[index]
            if character == "#", isAfterSpace { break }
            isAfterSpace = character == " " || character == "\t"
            index = rest.index(after: index)
            if !isAfterSpace { end = index }
        }
        return String(rest[..<end])
    }

    private mutating func takeLiteral() throws(Failure) -> String {
        guard let end = rest.firstIndex(of: "'") else { throw Failure(expectation: "expected a closing single quote") }
        let value = String(rest[..<end])
        rest = rest[rest.index(after: end)...]
        return value
    }

    private mutating func takeEscaped() throws(Failure) -> String {
        var value = ""
        while let character = rest.popFirst() {
            switch character {
            case "\"": return value
            case "\\": value.append(try takeEscape())
            default: value.append(character)
            }
        }
        throw Failure(expectation: "expected a closing double quote")
    }

    private mutating func takeEscape() throws(Failure) -> Character {
        switch rest.popFirst() {
        case "n": return "\n"
        case "r": return "\r"
        case "t": return "\t"
        case "\"": return "\""
        case "\\": return "\\"
        case "$": return "$"
        default: throw Failure(expectation: "expected one of \\n \\r \\t \\\" \\\\ \\$ after a backslash")
        }
    }

    private mutating func skipSpaces() {
        rest = rest.drop { $0 == " " || $0 == "\t" }
    }
}
