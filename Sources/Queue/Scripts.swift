import Redis

/// The engine's scripts, as they stand in `Scripts/`.
enum Scripts {
    static let enqueue = script("enqueue", PackageResources.enqueue_lua)
    static let work = script("work", PackageResources.work_lua)
    static let beat = script("beat", PackageResources.beat_lua)
    static let reap = script("reap", PackageResources.reap_lua)
    static let revive = script("revive", PackageResources.revive_lua)
    static let reconcile = script("reconcile", PackageResources.reconcile_lua)
    static let leave = script("leave", PackageResources.leave_lua)
    static let unknown = script("unknown", PackageResources.unknown_lua)
    /// One script of two files: the second goes on where the first has found nothing against it.
    static let admit = script("admit", PackageResources.admit_lua + [UInt8(ascii: "\n")] + PackageResources.enqueue_lua)

    private static func script(_ name: String, _ source: [UInt8]) -> RedisScript {
        RedisScript(name: "aventora/" + name, source: String(decoding: source, as: UTF8.self))
    }
}
