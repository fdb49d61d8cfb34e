public import Logging

/// What is logged and how: `LOG_LEVEL` and `LOG_FORMAT`.
public struct LogConfiguration: Sendable {
    /// Events below this level are not written. `LOG_LEVEL`: trace, debug, info, notice, warning, error, critical.
    public var level: Logger.Level
    /// `LOG_FORMAT`: json or text.
    public var format: LogFormat

    /// Any configuration; by default JSON from `info` on.
    public init(level: Logger.Level = .info, format: LogFormat = .json) {
        self.level = level
        self.format = format
    }

    /// - Throws: exit 78 when a variable has a bad value.
    public init(_ settings: Settings) throws(ProgramError) {
        level = try settings.choice("LOG_LEVEL", default: .info)
        format = try settings.choice("LOG_FORMAT", default: .json)
    }

    /// Makes every logger of this process write this way. Call it once, before the first logger is made; a second
    /// call ends the process.
    public func bootstrap() {
        LoggingSystem.bootstrap(
            { label, provider in
                LineLogHandler(label: label, level: level, format: format, metadataProvider: provider)
            },
            metadataProvider: nil,
        )
    }

    /// A logger that writes this way without `bootstrap()`.
    public func makeLogger(label: String) -> Logger {
        Logger(label: label) { label in LineLogHandler(label: label, level: level, format: format) }
    }
}
