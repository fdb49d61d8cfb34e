internal import FoundationEssentials

/// Names of worker processes.
public enum WorkerName {
    /// A name that no other process has had: claims hang on it, so its random part is there always.
    ///
    /// - Parameter base: what people know the process by, at most 100 characters like a kind's; nil is the host's name.
    public static func make(base: String? = nil) -> String {
        let suffix = String(UInt32.random(in: 0...(.max)), radix: 36)
        return "\(base ?? hostName())-\(suffix)"
    }

    /// Not through the resolver, which may take seconds.
    private static func hostName() -> String {
        guard let data = FileManager.default.contents(atPath: "/proc/sys/kernel/hostname") else { return "worker" }
        let name = String(String(decoding: data, as: UTF8.self).prefix { $0 != "\n" }.prefix(64))
        return Envelope.isToken(name) ? name : "worker"
    }
}
