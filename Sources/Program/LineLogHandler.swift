public import Basics
public import Logging

/// Writes each log event as one line to standard error, with one system call and no lock.
///
/// A line has at most 4,096 bytes, the most that the kernel keeps together on a pipe; a longer one is cut and says
/// so with `"truncated":true`. An event costs a few microseconds.
public struct LineLogHandler: LogHandler {
    /// Events below this level are not written.
    public var logLevel: Logger.Level
    /// Written with every event.
    public var metadata: Logger.Metadata = [:]
    /// Asked for more metadata at every event.
    public var metadataProvider: Logger.MetadataProvider?

    private let label: String
    private let format: LogFormat
    private let clock: any WallClock
    private let writer: DescriptorWriter

    /// Writes to standard error.
    public init(
        label: String,
        level: Logger.Level,
        format: LogFormat,
        clock: any WallClock = SystemWallClock(),
        metadataProvider: Logger.MetadataProvider? = nil,
    ) {
        self.init(
            label: label,
            level: level,
            format: format,
            clock: clock,
            metadataProvider: metadataProvider,
            writer: .standardError,
        )
    }

    /// Writes anywhere.
    package init(
        label: String,
        level: Logger.Level,
        format: LogFormat,
        clock: any WallClock,
        metadataProvider: Logger.MetadataProvider? = nil,
        writer: DescriptorWriter,
    ) {
        self.label = label
        self.logLevel = level
        self.format = format
        self.clock = clock
        self.metadataProvider = metadataProvider
        self.writer = writer
    }

    /// One key of `metadata`.
    public subscript(metadataKey key: String) -> Logger.MetadataValue? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    /// Writes the event. Where keys meet, the event's own metadata wins, then the provider's.
    public func log(event: LogEvent) {
        var all = metadata
        if let metadataProvider { all.merge(metadataProvider.get()) { _, provided in provided } }
        if let own = event.metadata { all.merge(own) { _, own in own } }
        let line = LogLine(
            timeMilliseconds: clock.nowMilliseconds(),
            level: event.level,
            label: label,
            message: event.message.description,
            error: event.error.map { "\($0)" },
            metadata: all,
        )
        writer.write(line: line.bytes(format))
    }
}
