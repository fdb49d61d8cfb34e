import Glibc
import Queue

/// Jobs that carry the moment from which their start is counted.
enum StampedJob {
    static let kind = "stamped"
    static let queue: QueueName = "stamped"

    private static let head = Array(#"{"stamp":""#.utf8)
    private static let middle = Array(#"","payload":""#.utf8)
    private static let tail = Array(#""}"#.utf8)
    private static let digits = 20
    private static let policy = RetryPolicy(attempts: 3, delayMilliseconds: 5_000)

    /// A job with 200 bytes of arguments.
    ///
    /// In place of a stamp: the job takes a second, and its start is not measured.
    static let slow: Int64 = 1

    /// - Parameter stamp: in ns, by the clock that the worker is told; 0: its start is not measured.
    static func make(stamp: Int64, lane: String = "", delayMilliseconds: Int64 = 0) -> NewJob {
        let text = Array(String(stamp).utf8)
        var bytes = head + [UInt8](repeating: 48, count: digits - text.count) + text + middle
        bytes += [UInt8](repeating: 120, count: NoopBenchmark.argumentBytes - bytes.count - tail.count) + tail
        return NewJob(
            id: JobID(nowMilliseconds: StampClock.realtime.nanoseconds / 1_000_000), kind: kind, arguments: bytes,
            policy: policy, lane: lane, delayMilliseconds: delayMilliseconds)
    }

    /// The stamp in a job's arguments.
    static func stamp(of arguments: [UInt8]) -> Int64 {
        arguments[head.count..<(head.count + digits)].reduce(0) { $0 * 10 + Int64($1) - 48 }
    }
}

/// The clocks of this machine: the same for all its processes.
enum StampClock: String, CaseIterable, Sendable {
    /// Never steps.
    case monotonic
    /// Redis's: Unix time.
    case realtime

    var nanoseconds: Int64 {
        var time = timespec()
        let clock = self == .monotonic ? CLOCK_MONOTONIC : CLOCK_REALTIME
        guard unsafe clock_gettime(clock, &time) == 0 else { return 0 }
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }
}
