public import Basics
public import Configuration
internal import FoundationEssentials

/// Reads the variables of a program and checks each against what is allowed.
///
/// An empty variable counts as unset. Every method that can fail throws exit 78 with one line: the variable, its
/// value (never a secret's) and what is allowed. Reading is cheap and has no side effect; a program reads everything
/// once at its start.
public struct Settings: Sendable {
    private let reader: ConfigReader

    /// Reads from any providers, for instance an `InMemoryProvider` with one component a key: `["API_LISTEN"]`.
    public init(reader: ConfigReader) {
        self.reader = reader
    }

    /// Reads from `environment`, and below it from `file`.
    ///
    /// - Parameters:
    ///   - environment: variable to value.
    ///   - file: used for each variable that is unset or empty in `environment`.
    public init(environment: [String: String], file: EnvironmentFile? = nil) {
        var layers = [environment]
        if let file { layers.append(file.variables) }
        // Marking all of them as secret keeps values out of the reader's own access reports.
        let providers = layers.map { layer in
            EnvironmentVariablesProvider(
                environmentVariables: layer.filter { !$0.value.isEmpty },
                secretsSpecifier: .all,
            )
        }
        self.init(reader: ConfigReader(providers: providers))
    }

    /// Reads from the environment of this process and, below it, from the file at `environmentFilePath`.
    ///
    /// - Throws: exit 78 when the file is missing or has a bad line.
    public static func load(environmentFilePath: String?) throws(ProgramError) -> Settings {
        var file: EnvironmentFile?
        if let environmentFilePath {
            do throws(EnvironmentFile.Failure) {
                file = try EnvironmentFile(path: environmentFilePath)
            } catch {
                throw ProgramError(.configuration, error.message)
            }
        }
        return Settings(environment: ProcessInfo.processInfo.environment, file: file)
    }

    /// The text of a variable as it is, or nil when it is unset or empty.
    public func optionalString(_ name: String) -> String? {
        guard let value = reader.string(forKey: ConfigKey([name]), isSecret: true), !value.isEmpty else { return nil }
        return value
    }

    /// The text of a variable as it is, or `default`.
    public func string(_ name: String, default: String) -> String {
        optionalString(name) ?? `default`
    }

    /// The text of a variable as a secret, or nil when it is unset or empty.
    public func secret(_ name: String) -> Secret? {
        optionalString(name).map(Secret.init)
    }

    /// The parts of a variable between commas or line breaks, trimmed, without the empty ones, in their order.
    public func list(_ name: String) -> [String] {
        Self.parts(optionalString(name) ?? "")
    }

    /// Parts of `text` between commas or line breaks, trimmed, without the empty ones.
    package static func parts(_ text: String) -> [String] {
        text.split(whereSeparator: { $0 == "," || $0.isNewline }).map(trimmed).filter { !$0.isEmpty }
    }

    static func trimmed(_ text: some StringProtocol) -> String {
        var part = Substring(text)
        part = part.drop(while: \.isWhitespace)
        while let last = part.last, last.isWhitespace { part.removeLast() }
        return String(part)
    }

    /// The error of a variable with a bad value, for values that a program checks itself.
    ///
    /// - Parameters:
    ///   - name: the variable.
    ///   - value: what it holds; pass nil for a secret, which is then not shown.
    ///   - expectation: what is allowed, as in "expected a whole number from 1 to 9".
    public static func invalid(_ name: String, value: String?, _ expectation: String) -> ProgramError {
        let shown = value.map { "=" + OneLine.escape($0, maximumCharacters: 120) } ?? ""
        return ProgramError(.configuration, "\(name)\(shown): \(expectation)")
    }
}
