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
    static let pause = script("pause", PackageResources.pause_lua)
    static let resume = script("resume", PackageResources.resume_lua)
    static let drop = script("drop", PackageResources.drop_lua)
    static let pace = script("pace", PackageResources.pace_lua)

    private static func script(_ name: String, _ source: [UInt8]) -> RedisScript {
        RedisScript(name: "aventora/" + name, source: String(decoding: source, as: UTF8.self))
    }
}
