public import Basics
public import Jobs
import Queue

extension KindDescription {
    /// Writes itself as people and programs are shown it.
    public func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.key("kind")
        writer.string(name)
        writer.key("summary")
        writer.string(summary)
        writer.key("queue")
        writer.string(queue.description)
        writer.key("retry")
        retry.write(to: &writer)
        writer.key("leaves_trace")
        writer.bool(leavesTrace)
        writer.key("timeout_seconds")
        writer.seconds(timeLimitMilliseconds ?? Limits.standardTimeLimitMilliseconds)
        writer.key("args")
        arguments.write(to: &writer)
        writer.endObject()
    }
}

extension KindCatalogue {
    /// All kinds as one page of a list.
    public var page: [UInt8] {
        var writer = JSONWriter(capacity: 4_096)
        writer.beginObject()
        writer.key("items")
        writer.beginArray()
        for kind in kinds { kind.write(to: &writer) }
        writer.endArray()
        writer.key("next_cursor")
        writer.null()
        writer.endObject()
        return writer.bytes
    }
}

extension RetryPolicy {
    fileprivate func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.key("attempts")
        writer.integer(attempts)
        switch backoff {
        case .fixed(let delay):
            writer.key("delay_seconds")
            writer.seconds(delay)
        case .listed(let delays):
            writer.key("schedule_seconds")
            writer.beginArray()
            for delay in delays { writer.seconds(delay) }
            writer.endArray()
        case .exponential(let first, let cap):
            writer.key("first_delay_seconds")
            writer.seconds(first)
            writer.key("longest_delay_seconds")
            writer.seconds(cap)
        }
        if jitterPercent > 0 {
            writer.key("jitter_percent")
            writer.integer(jitterPercent)
        }
        writer.endObject()
    }
}

extension JSONWriter {
    /// Milliseconds as seconds, whole where they are.
    fileprivate mutating func seconds(_ milliseconds: Int64) {
        if milliseconds % 1_000 == 0 { integer(milliseconds / 1_000) } else { double(Double(milliseconds) / 1_000) }
    }
}
