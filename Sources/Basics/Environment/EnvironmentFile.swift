import FoundationEssentials

/// A file of `KEY=value` lines, as `--env-file` reads it.
///
/// Syntax: one `KEY=value` a line, optionally after `export`; empty lines and lines that begin with `#` are skipped.
/// A plain value is trimmed and ends before ` #`. In single quotes everything is literal; in double quotes `\n`,
/// `\r`, `\t`, `\"`, `\\` and `\$` are escapes. Quotes end on their own line. A later line wins over an earlier one.
public struct EnvironmentFile: Sendable {
    /// What is wrong with a file: one line that names it, and the line in it. Never the line itself.
    public struct Failure: Error, Sendable {
        public let message: String
    }

    /// Variable to value, in no order.
    public let variables: [String: String]

    /// The largest file that is read, in bytes.
    public static let maximumBytes = 1_048_576

    /// Reads and parses `path`.
    ///
    /// - Throws: naming the file and, for a bad line, its number; never the line, which may hold a secret.
    public init(path: String) throws(Failure) {
        let data: Data
        do {
            data = try Data(contentsOf: URL(filePath: path))
        } catch {
            throw Failure(message: "\(path): \(Self.reason(error))")
        }
        guard data.count <= Self.maximumBytes else {
            throw Failure(message: "\(path): expected at most \(Self.maximumBytes) bytes")
        }
        guard let text = String(validating: data, as: UTF8.self) else {
            throw Failure(message: "\(path): expected UTF-8 text")
        }
        try self.init(text: text, name: path)
    }

    /// Parses `text`; `name` stands for the file in errors.
    public init(text: String, name: String) throws(Failure) {
        var variables: [String: String] = [:]
        var number = 0
        for line in text.split(omittingEmptySubsequences: false, whereSeparator: { $0.isNewline }) {
            number += 1
            do {
                var parser = EnvironmentLineParser(number == 1 && line.first == "\u{FEFF}" ? line.dropFirst() : line)
                guard let (key, value) = try parser.parse() else { continue }
                variables[key] = value
            } catch {
                throw Failure(message: "\(name):\(number): \(error.expectation)")
            }
        }
        self.variables = variables
    }

    private static func reason(_ error: any Error) -> String {
        switch (error as? CocoaError)?.code {
        case CocoaError.Code.fileReadNoSuchFile, CocoaError.Code.fileNoSuchFile: "no such file"
        case CocoaError.Code.fileReadNoPermission: "not allowed to read the file"
        default: "the file cannot be read"
        }
    }
}
