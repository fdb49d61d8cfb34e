/// One thing wrong with one place of a JSON document, as problem+json's `errors` shows it.
public struct FieldProblem: Sendable, Hashable, CustomStringConvertible {
    /// RFC 6901 pointer of the place; empty for the whole document.
    public var pointer: String
    /// What is wrong there, in a sentence for people. Never quotes more than a short piece of the input.
    public var detail: String

    /// Pairs a place with what is wrong there.
    public init(pointer: String, detail: String) {
        self.pointer = pointer
        self.detail = detail
    }

    /// `pointer: detail`, or the detail alone for the whole document.
    public var description: String { pointer.isEmpty ? detail : "\(pointer): \(detail)" }

    /// One reference token, escaped as RFC 6901 asks and led by its slash.
    package static func token(_ key: String) -> String {
        guard key.utf8.contains(where: { $0 == UInt8(ascii: "~") || $0 == UInt8(ascii: "/") }) else { return "/" + key }
        var text = "/"
        for character in key.unicodeScalars {
            switch character {
            case "~": text += "~0"
            case "/": text += "~1"
            default: text.unicodeScalars.append(character)
            }
        }
        return text
    }
}
