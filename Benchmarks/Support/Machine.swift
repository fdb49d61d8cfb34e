import Foundation

/// What the figures were measured on.
struct Machine: Sendable, Encodable {
    let processor: String
    let cores: Int
    let memoryGibibytes: Int
    let system: String
    let kernel: String
    /// The load over the last minute when the run began: above 0.5, something else was at work.
    let loadAtStart: Double

    init() {
        processor = Self.field("model name", in: "/proc/cpuinfo") ?? "unknown"
        cores = ProcessInfo.processInfo.activeProcessorCount
        memoryGibibytes = Int(ProcessInfo.processInfo.physicalMemory >> 30)
        system = (Self.field("PRETTY_NAME", in: "/etc/os-release") ?? "unknown").trimmingCharacters(in: ["\""])
        kernel = Self.text("/proc/sys/kernel/osrelease").trimmingCharacters(in: .whitespacesAndNewlines)
        loadAtStart = Self.text("/proc/loadavg").split(separator: " ").first.flatMap { Double($0) } ?? 0
    }

    /// The value of the first line `name : value` or `name=value`.
    private static func field(_ name: String, in path: String) -> String? {
        let line = text(path).split(separator: "\n").first { $0.hasPrefix(name) }
        let value = line?.split(maxSplits: 1) { $0 == ":" || $0 == "=" }.dropFirst().first
        return value.map { $0.trimmingCharacters(in: .whitespaces) }
    }

    private static func text(_ path: String) -> String {
        String(decoding: FileManager.default.contents(atPath: path) ?? Data(), as: UTF8.self)
    }
}
