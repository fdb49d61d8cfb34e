import Foundation

/// Files of `KEY=value` lines.
package enum EnvironmentFile {
    /// Reads such a file. Blank lines and lines that begin with `#` are skipped, `export ` before a key is allowed, and
    /// one pair of quotes around a value is taken off; nothing is expanded.
    ///
    /// - Throws: `.configuration`, naming the file and the line, never the value.
    package static func read(_ path: String) throws(CommandError) -> [String: String] {
        guard let text = PrivateFile.read(path) else {
            throw CommandError(.configuration, "--env-file: cannot read \(path)")
        }
        return try parse(text, name: path)
    }

    /// As ``read(_:)``, of text in hand; `name` is for the error message.
    package static func parse(_ text: String, name: String) throws(CommandError) -> [String: String] {
        var values: [String: String] = [:]
        for (index, line) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated() {
            var entry = line.trimmingCharacters(in: .whitespaces)
            if entry.isEmpty || entry.hasPrefix("#") { continue }
            if entry.hasPrefix("export ") { entry = String(entry.dropFirst(7)) }
            let parts = entry.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2, isKey(parts[0]) else {
                throw CommandError(.configuration, "\(name):\(index + 1): not a KEY=value line")
            }
            values[String(parts[0])] = unquoted(parts[1].trimmingCharacters(in: .whitespaces))
        }
        return values
    }

    /// The text of such a file, in the order given. A line break in a value becomes a comma, which every variable with
    /// several items takes as well.
    package static func text(_ values: [(key: String, value: String)]) -> String {
        values.map { key, value in
            let items = value.split(whereSeparator: \.isNewline).map { $0.trimmingCharacters(in: .whitespaces) }
            return "\(key)=\(items.joined(separator: ","))\n"
        }.joined()
    }

    private static func isKey(_ key: Substring) -> Bool {
        guard let first = key.utf8.first, !(48...57).contains(first) else { return false }
        return key.utf8.allSatisfy { byte in
            (65...90).contains(byte) || (97...122).contains(byte) || (48...57).contains(byte) || byte == 95
        }
    }

    private static func unquoted(_ value: String) -> String {
        for quote in ["\"", "'"] where value.count >= 2 && value.hasPrefix(quote) && value.hasSuffix(quote) {
            return String(value.dropFirst().dropLast())
        }
        return value
    }
}
