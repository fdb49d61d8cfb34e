public import Program

/// One item of `API_TOKENS` or of the file that `API_TOKENS_FILE` names: `name:scope+scope:token`.
public struct AccessToken: Sendable {
    /// Shown in logs. 1 to 64 letters, digits, `.`, `-` or `_`; unique.
    public let name: String
    /// At least one.
    public let scopes: Set<AccessScope>
    /// What callers send. Not empty.
    public let token: Secret

    /// Parses items between commas or line breaks; a line that begins with `#` is a comment.
    ///
    /// - Parameters:
    ///   - text: the value or the content of the file.
    ///   - source: the variable, for errors.
    /// - Throws: exit 78. An item is named by its position and its name, never by its token.
    public static func parse(_ text: String, source: String) throws(ProgramError) -> [AccessToken] {
        let lines = text.split(whereSeparator: \.isNewline).filter { !($0.first { !$0.isWhitespace } == "#") }
        var tokens: [AccessToken] = []
        for (index, item) in Settings.parts(lines.joined(separator: "\n")).enumerated() {
            tokens.append(try AccessToken(item: item, place: "\(source): item \(index + 1)"))
        }
        return tokens
    }

    private init(item: String, place: String) throws(ProgramError) {
        let parts = item.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
        // With fewer parts there is no telling which of them is the token, so none is shown.
        guard parts.count == 3 else {
            throw ProgramError(.configuration, "\(place): expected name:scope+scope:token")
        }
        let name = String(parts[0])
        guard Self.isName(name) else {
            throw ProgramError(.configuration, "\(place): expected a name of 1 to 64 letters, digits, '.', '-' or '_'")
        }
        self.name = name
        scopes = try Self.scopes(parts[1], place: "\(place) (\(name))")
        guard !parts[2].isEmpty, parts[2].utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            let expectation = "expected a token of visible ASCII characters after the second colon"
            throw ProgramError(.configuration, "\(place) (\(name)): \(expectation)")
        }
        token = Secret(String(parts[2]))
    }

    private static func scopes(_ text: Substring, place: String) throws(ProgramError) -> Set<AccessScope> {
        var scopes: Set<AccessScope> = []
        for part in text.split(separator: "+", omittingEmptySubsequences: false) {
            guard let scope = AccessScope(rawValue: String(part)) else {
                let allowed = AccessScope.allCases.map(\.rawValue).joined(separator: ", ")
                throw ProgramError(.configuration, "\(place): expected scopes from \(allowed), joined by '+'")
            }
            scopes.insert(scope)
        }
        return scopes
    }

    private static func isName(_ text: String) -> Bool {
        (1...64).contains(text.utf8.count)
            && text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || ".-_".contains($0)) }
    }
}
