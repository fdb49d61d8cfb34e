import Redis

/// The engine's scripts, as they stand in `Scripts/`.
enum Scripts {
    static let enqueue = queueScript("enqueue", PackageResources.enqueue_lua)
    static let work = queueScript("work", PackageResources.work_lua)
    static let reap = queueScript("reap", PackageResources.reap_lua)
    static let revive = queueScript("revive", PackageResources.revive_lua)
    static let reconcile = queueScript("reconcile", PackageResources.reconcile_lua)
    static let cancel = queueScript("cancel", PackageResources.cancel_lua)
    static let flush = queueScript("flush", PackageResources.flush_lua)
    static let drop = queueScript("drop", PackageResources.drop_lua)
    static let pause = script("pause", PackageResources.pause_lua)
    static let resume = script("resume", PackageResources.resume_lua)
    static let pace = script("pace", PackageResources.pace_lua)
    static let tick = queueScript("tick", PackageResources.tick_lua)
    static let tickNow = queueScript("tick_now", PackageResources.tick_now_lua)
    static let beat = script("beat", PackageResources.beat_lua)
    static let chains = queueScript("chains", PackageResources.chains_lua)
    static let examine = queueScript("examine", PackageResources.examine_lua)
    static let recount = queueScript("recount", PackageResources.recount_lua)
    static let sift = queueScript("sift", PackageResources.sift_lua)
    static let tally = queueScript("tally", PackageResources.tally_lua)
    static let roll = script("roll", PackageResources.roll_lua)
    static let survey = script("survey", PackageResources.survey_lua)
    static let leave = script("leave", PackageResources.leave_lua)
    static let track = queueScript("track", PackageResources.track_lua)
    static let log = script("log", PackageResources.log_lua)
    static let forget = script("forget", PackageResources.forget_lua)
    static let unlog = script("unlog", PackageResources.unlog_lua)

    /// What the scripts of `Scripts/Shared` make of every script that takes ``Keys/all``.
    private static let shared = [
        PackageResources.queue_lua, PackageResources.orders_lua, PackageResources.keys_lua, PackageResources.lanes_lua,
    ].map(text).joined(separator: "\n")

    private static let limits = """
        local most_tokens, most_finished = \(Limits.maximumDoorbellTokens), \(Limits.maximumWaitingTraces)
        local unique_lifetime = \(Limits.uniqueLifetimeMilliseconds)
        local standard_lane_limits = '\(LaneLimits.standard)'

        """

    private static func queueScript(_ name: String, _ source: [UInt8]) -> RedisScript {
        RedisScript(name: "aventora/" + name, source: limits + shared + "\n" + text(source))
    }

    private static func script(_ name: String, _ source: [UInt8]) -> RedisScript {
        RedisScript(name: "aventora/" + name, source: text(source))
    }

    private static func text(_ source: [UInt8]) -> String { String(decoding: source, as: UTF8.self) }
}
