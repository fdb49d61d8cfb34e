import Basics
import Queue

/// A day of the attempt log, UTC.
struct LogDay: Sendable, Hashable {
    /// `2026-01-31`
    let text: String

    /// The day of a moment, Unix ms.
    init(milliseconds: Int64) {
        text = String(Timestamp(milliseconds: milliseconds).iso8601.prefix(10))
    }

    /// The day on which a delivery's id was made.
    init(of id: String) { self.init(milliseconds: JobID(id)?.createdMilliseconds ?? 0) }
}
