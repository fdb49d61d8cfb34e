/// How a log line looks.
public enum LogFormat: String, CaseIterable, Sendable {
    /// One JSON object a line, for programs.
    case json
    /// Time, level, label, message and `key=value`, for people.
    case text
}
