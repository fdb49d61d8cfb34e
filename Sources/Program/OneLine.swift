/// Makes any text safe to show on one line of a terminal or a log.
package enum OneLine {
    /// `text` with control characters escaped (`\n`, `\u{1b}`) and cut after `maximumCharacters`.
    package static func escape(_ text: String, maximumCharacters: Int = .max) -> String {
        if text.utf8.count <= maximumCharacters, !text.unicodeScalars.contains(where: mustBeEscaped) { return text }
        var result = ""
        for (position, character) in text.enumerated() {
            guard position < maximumCharacters else { return result + "…" }
            for scalar in character.unicodeScalars {
                append(scalar, to: &result)
            }
        }
        return result
    }

    private static func append(_ scalar: Unicode.Scalar, to result: inout String) {
        switch scalar {
        case "\n": result += "\\n"
        case "\r": result += "\\r"
        case "\t": result += "\\t"
        case _ where mustBeEscaped(scalar): result += "\\u{" + String(scalar.value, radix: 16) + "}"
        default: result.unicodeScalars.append(scalar)
        }
    }

    /// C0, DEL, C1, the two Unicode line separators, and the marks that turn the direction of text.
    private static func mustBeEscaped(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0..<0x20, 0x7F..<0xA0, 0x2028, 0x2029, 0x202A...0x202E, 0x2066...0x2069: true
        default: false
        }
    }
}
