extension QueueError.Code {
    /// A cron pattern that cannot be read, or that no date ever matches.
    public static let invalidPattern = QueueError.Code(description: "invalid pattern")
    /// A time zone that this system does not know, or whose file cannot be read.
    public static let invalidTimeZone = QueueError.Code(description: "invalid time zone")
    /// A schedule that is not one of the client's, or that cannot be.
    public static let invalidSchedule = QueueError.Code(description: "invalid schedule")
}
