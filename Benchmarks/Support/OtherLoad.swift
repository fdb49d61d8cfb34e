import Command
import Glibc

/// How much of the machine somebody else used while we measured: what tells a disturbed figure from a true one.
struct OtherLoad: Sendable {
    private let clock = ContinuousClock()
    private let start: ContinuousClock.Instant
    private let busyBefore: Double
    private let ownBefore: Double

    init() {
        start = clock.now
        busyBefore = Self.busySeconds()
        ownBefore = Self.ownSeconds()
    }

    /// The share of all processors since the beginning that went to programs which are neither this one nor children of
    /// it that have ended, such as `3 %`.
    func share(cores: Int) -> String {
        let seconds = (clock.now - start).seconds * Double(max(cores, 1))
        let others = (Self.busySeconds() - busyBefore) - (Self.ownSeconds() - ownBefore)
        return "\(Int((max(0, others) / max(seconds, 0.001) * 100).rounded())) %"
    }

    /// The first line of `/proc/stat`: user, nice, system, idle, waiting, interrupts, soft interrupts, stolen, in ticks.
    private static func busySeconds() -> Double {
        let fields = (PrivateFile.read("/proc/stat") ?? "").prefix { $0 != "\n" }.split(separator: " ").dropFirst()
        let ticks = fields.compactMap { Double($0) }
        guard ticks.count >= 8 else { return 0 }
        let busy = ticks[0] + ticks[1] + ticks[2] + ticks[5] + ticks[6] + ticks[7]
        return busy / Double(sysconf(Int32(_SC_CLK_TCK)))
    }

    private static func ownSeconds() -> Double { ProcessorTime.seconds + ProcessorTime.childSeconds }
}
