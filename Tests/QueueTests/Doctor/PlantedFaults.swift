import Redis
import Testing

@testable import Queue

extension PlantedFault {
    static let all = jobs + places + keysAndFollowers + chains + lanes + numbers + reported

    static let jobs = [
        PlantedFault("the line is gone", [.jobNowhere: 4, .cancelledNotInLine: 1]) { bench in
            try await bench.run("DEL", bench.keys.ready)
        },
        PlantedFault(
            "a lane's line is gone", [.jobNowhere: 3, .laneWithoutJobs: 1, .lanesMisadded: 1],
            whileRepairing: [.jobNowhere: 3, .lanesMisadded: 1]
        ) { bench in
            try await bench.run("DEL", bench.keys.lane("b"))
        },
        PlantedFault("the due times are gone", [.jobNowhere: 3]) { bench in
            try await bench.run("DEL", bench.keys.due)
        },
        PlantedFault("the due times of lanes are gone", [.jobNowhere: 1]) { bench in
            try await bench.run("DEL", bench.keys.lanesDue)
        },
        PlantedFault("the dead set is gone", [.jobNowhere: 1]) { bench in
            try await bench.run("DEL", bench.keys.dead)
        },
        PlantedFault(
            "claims are gone", [.jobNowhere: 4, .runningMiscounted: 2, .laneStuck: 1],
            whileRepairing: [.jobNowhere: 4, .runningMiscounted: 2]
        ) { bench in
            try await bench.run("DEL", bench.keys.claims(of: "w1"))
            // One of them was to be stopped; now it runs.
            try await bench.run("DEL", bench.keys.cancels)
        },
        PlantedFault("a running job is in line too", [.jobInTwoPlaces: 1]) { bench in
            let id = try #require(try await bench.strings("HKEYS", bench.keys.claims(of: "w1")).first)
            try await bench.run("LPUSH", bench.keys.ready, id)
        },
        PlantedFault("a job twice in line", [.jobTwiceInLine: 1]) { bench in
            let id = try #require(try await bench.strings("LRANGE", bench.keys.ready, "0", "0").first)
            try await bench.run("RPUSH", bench.keys.ready, id)
        },
        PlantedFault("a job three times in line", [.jobTwiceInLine: 1]) { bench in
            let id = try #require(try await bench.strings("LRANGE", bench.keys.ready, "0", "0").first)
            try await bench.run("RPUSH", bench.keys.ready, id, id)
        },
        PlantedFault("a job in line and due", [.jobInTwoPlaces: 1]) { bench in
            let id = try #require(try await bench.strings("LRANGE", bench.keys.ready, "0", "0").first)
            try await bench.run("ZADD", bench.keys.due, "1", id)
        },
        PlantedFault("a job due and buried", [.jobInTwoPlaces: 1]) { bench in
            let id = try #require(try await bench.strings("ZRANGE", bench.keys.due, "0", "0").first)
            try await bench.run("ZADD", bench.keys.dead, "1", id)
        },
        PlantedFault("a laned job due twice and in both lines", [.jobInTwoPlaces: 1, .lanesMisadded: 1]) { bench in
            let member = try #require(try await bench.strings("ZRANGE", bench.keys.lanesDue, "0", "0").first)
            let id = String(member.prefix { $0 != " " })
            try await bench.run("ZADD", bench.keys.due, "1", id)
            try await bench.run("RPUSH", bench.keys.ready, id)
            try await bench.run("RPUSH", bench.keys.lane("a"), id)
        },
        PlantedFault("a job claimed by two workers", [.jobClaimedTwice: 1]) { bench in
            let id = try #require(try await bench.strings("HKEYS", bench.keys.claims(of: "w1")).first)
            try await bench.run("HSET", bench.keys.claims(of: "w2"), id, "1")
            try await bench.run("ZADD", bench.keys.leases, "1700000000000", "w2")
        },
        PlantedFault("a claim that cannot be read", [.claimUnreadable: 1]) { bench in
            let id = try #require(try await bench.plainClaim())
            try await bench.run("HSET", bench.keys.claims(of: "w1"), id, "seven")
        },
    ]

    static let places = [
        PlantedFault("a claim without an envelope", [.claimWithoutJob: 1]) { bench in
            try await bench.run("HSET", bench.keys.claims(of: "w1"), "1m7y5b7vbbkbn6km0000", "17")
        },
        PlantedFault("a laned claim without an envelope", [.claimWithoutJob: 1]) { bench in
            try await bench.run("HSET", bench.keys.claims(of: "w1"), "1m7y5b7vbbkbn6km0000", "17 a")
            try await bench.run("HINCRBY", bench.keys.lanesRunning, "a", "1")
        },
        PlantedFault("entries without envelopes", [.entryWithoutJob: 3]) { bench in
            try await bench.run("RPUSH", bench.keys.ready, "1m7y5b7vbbkbn6km0000", "no id at all", "no id at all")
            try await bench.run("LPUSH", bench.keys.lane("a"), "1m7y5b7vbbkbn6km0001")
            try await bench.run("HINCRBY", bench.keys.meta, "laned", "1")
        },
        PlantedFault("due times without envelopes", [.dueWithoutJob: 2]) { bench in
            try await bench.run("ZADD", bench.keys.due, "5", "1m7y5b7vbbkbn6km0000")
            try await bench.run("ZADD", bench.keys.lanesDue, "5", "1m7y5b7vbbkbn6km0001 a")
        },
        PlantedFault("a buried id without envelope", [.deadWithoutJob: 1]) { bench in
            try await bench.run("ZADD", bench.keys.dead, "5", "1m7y5b7vbbkbn6km0000")
        },
        PlantedFault("an error and a wish of a job that is gone", [.errorWithoutJob: 1, .cancelWithoutRun: 1]) {
            bench in
            try await bench.run("HSET", bench.keys.errors, "1m7y5b7vbbkbn6km0000", "5 no")
            try await bench.run("HSET", bench.keys.cancels, "1m7y5b7vbbkbn6km0000", "5")
        },
        PlantedFault("a wish to cancel a buried job", [.cancelWithoutRun: 1]) { bench in
            let id = try #require(try await bench.strings("ZRANGE", bench.keys.dead, "0", "0").first)
            try await bench.run("HSET", bench.keys.cancels, id, "5")
        },
        PlantedFault("marks as cancelled", [.cancelledNotInLine: 1, .cancelledButThere: 1]) { bench in
            let id = try #require(try await bench.strings("LRANGE", bench.keys.ready, "0", "0").first)
            try await bench.run("SADD", bench.keys.cancelled, "1m7y5b7vbbkbn6km0000", id)
        },
        PlantedFault("due in another lane", [.dueInAnotherLane: 1]) { bench in
            let member = try #require(try await bench.strings("ZRANGE", bench.keys.lanesDue, "0", "0").first)
            try await bench.run("ZREM", bench.keys.lanesDue, member)
            try await bench.run("ZADD", bench.keys.lanesDue, "5", member.prefix { $0 != " " } + " z")
        },
        PlantedFault("due in no lane, and another without words", [.dueUnreadable: 1, .dueWithoutJob: 1]) { bench in
            let member = try #require(try await bench.strings("ZRANGE", bench.keys.lanesDue, "0", "0").first)
            try await bench.run("ZREM", bench.keys.lanesDue, member)
            try await bench.run("ZADD", bench.keys.lanesDue, "5", String(member.prefix { $0 != " " }))
            try await bench.run("ZADD", bench.keys.lanesDue, "5", "what is this")
        },
    ]

    static let keysAndFollowers = [
        PlantedFault("keys of jobs that are gone", [.keyWithoutJob: 2]) { bench in
            try await bench.run(
                "HSET", bench.keys.keys, "u:x", "1m7y5b7vbbkbn6km0000 5", "d:y", "1m7y5b7vbbkbn6km0000 5")
        },
        PlantedFault("a key whose job does not name it", [.keyWithoutJob: 1]) { bench in
            let value = try #require(try await bench.strings("HMGET", bench.keys.keys, "u:only").first)
            try await bench.run("HSET", bench.keys.keys, "u:else", value)
        },
        PlantedFault("keys that cannot be read", [.keyUnreadable: 2]) { bench in
            try await bench.run("HSET", bench.keys.keys, "u:x", "", "d:y", "1m7y5b7vbbkbn6km0000 soon")
        },
        PlantedFault("a mark of no follower", [.markWithoutFollower: 1]) { bench in
            try await bench.run("HSET", bench.keys.keys, "n:1m7y5b7vbbkbn6km0000", "followed")
        },
        PlantedFault("a follower without its mark", [.followerWithoutMark: 1]) { bench in
            let id = try await bench.follower()
            try await bench.run("HDEL", bench.keys.keys, "n:" + id)
        },
        PlantedFault("a follower whose key is gone", [.followerWithoutJob: 1]) { bench in
            try await bench.run("HDEL", bench.keys.keys, "d:followed")
        },
        PlantedFault(
            "a follower whose job is gone", [.claimWithoutJob: 1, .keyWithoutJob: 1, .followerWithoutJob: 1],
            whileRepairing: [.claimWithoutJob: 1, .keyWithoutJob: 1]
        ) { bench in
            let value = try #require(try await bench.strings("HMGET", bench.keys.keys, "d:followed").first)
            try await bench.run("HDEL", bench.keys.jobs, String(value.prefix { $0 != " " }))
        },
        PlantedFault("a follower that is in the queue", [.followerInQueue: 1, .jobNowhere: 1]) { bench in
            let id = try await bench.follower()
            try await bench.run("HSET", bench.keys.jobs, id, "2 kind 3x50 0 0 0 d=followed\n{}")
        },
    ]

    static let lanes = [
        PlantedFault("no lane has a state", [.laneWithoutState: 4]) { bench in
            try await bench.run("DEL", bench.keys.lanes)
        },
        PlantedFault("the ring is gone", [.laneNotInRing: 2]) { bench in
            try await bench.run("DEL", bench.keys.ring)
        },
        PlantedFault("a lane twice in the ring", [.laneTwiceInRing: 1]) { bench in
            try await bench.run("RPUSH", bench.keys.ring, "a")
        },
        PlantedFault("lanes in the ring that should not be", [.laneInRingWrongly: 2]) { bench in
            try await bench.run("RPUSH", bench.keys.ring, "full", "nobody")
        },
        PlantedFault("a lane full of nothing", [.laneStuck: 1]) { bench in
            try await bench.run("HSET", bench.keys.lanes, "b", "f")
            try await bench.run("LREM", bench.keys.ring, "0", "b")
        },
        PlantedFault("runs that nobody has", [.runningMiscounted: 3]) { bench in
            try await bench.run("HSET", bench.keys.lanesRunning, "full", "2", "a", "1", "none", "x")
        },
        PlantedFault("runs that are not counted", [.runningMiscounted: 2]) { bench in
            try await bench.run("DEL", bench.keys.lanesRunning)
        },
        PlantedFault("no lane is held", [.laneHoldLost: 1]) { bench in
            try await bench.run("DEL", bench.keys.lanesHeld)
        },
        PlantedFault("holds of lanes that are not held", [.holdWithoutState: 2]) { bench in
            try await bench.run("ZADD", bench.keys.lanesHeld, "5", "a", "5", "none")
        },
        PlantedFault("states that there are not, and of no jobs", [.laneStateUnknown: 1, .laneWithoutJobs: 1]) {
            bench in
            try await bench.run("HSET", bench.keys.lanes, "a", "?", "none", "r")
            try await bench.run("LREM", bench.keys.ring, "0", "a")
            try await bench.run("RPUSH", bench.keys.ring, "none")
        },
        PlantedFault("the sum of lanes is wrong", [.lanesMisadded: 1]) { bench in
            try await bench.run("HINCRBY", bench.keys.meta, "laned", "7")
        },
        PlantedFault("limits that cannot be read", [.limitsUnreadable: 2]) { bench in
            try await bench.run("HSET", bench.keys.lanesLimits, "a", "1 2 3")
            try await bench.run("HSET", bench.keys.meta, "lane-limits", "")
        },
        PlantedFault("records that cannot be read", [.laneRecordUnreadable: 2]) { bench in
            try await bench.run("HSET", bench.keys.lanesBucket, "a", "soon")
            try await bench.run("HSET", bench.keys.lanesBreaker, "a", "open")
        },
        PlantedFault("records of lanes at rest", [.laneRecordLeft: 2]) { bench in
            try await bench.run("HSET", bench.keys.lanesBucket, "x", "1000.5", "a", "1000.5")
            try await bench.run("HSET", bench.keys.lanesBreaker, "x", "o 1000 0 0 1", "a", "c 1000 0 1 0")
        },
    ]

    static let numbers = [
        PlantedFault(
            "totals that are no numbers", [.numberUnreadable: 3],
            whileRepairing: [.numberUnreadable: 3, .lanesMisadded: 1]
        ) { bench in
            try await bench.run("HSET", bench.keys.counters, "done", "many")
            try await bench.run("HSET", bench.keys.meta, "laned", "1.5", "fence", "x")
        },
        PlantedFault("a fence that fell behind", [.fenceBehind: 1]) { bench in
            try await bench.run("HSET", bench.keys.meta, "fence", "3")
        },
        PlantedFault("a doorbell that rings and rings", [.doorbellTooLong: 1]) { bench in
            for _ in 0..<50 { try await bench.run("RPUSH", bench.keys.doorbell, "1") }
        },
        PlantedFault("leases are gone", [.claimsWithoutLease: 1]) { bench in
            try await bench.run("DEL", bench.keys.leases)
        },
        PlantedFault("nobody takes a dead worker's claims", [.leaseNotReaped: 1]) { bench in
            let now = try #require(Int64(try await bench.strings("TIME")[0])) * 1_000
            let common = CommonKeys(namespace: bench.bench.namespace)
            try await bench.run("HSET", common.clock, "last", "\(now)", "grace", "\(now - 100_000)")
            try await bench.run("ZADD", bench.keys.leases, "\(now - 100_000)", "w1")
        },
        PlantedFault(
            "processes",
            [
                .workerWithoutDescription: 1, .descriptionWithoutWorker: 1, .quietWithoutWorker: 1, .clockAhead: 2,
            ]
        ) { bench in
            let common = CommonKeys(namespace: bench.bench.namespace)
            try await bench.run("ZADD", common.workers, "5", "x")
            try await bench.run("HSET", common.descriptions, "y", "{}")
            try await bench.run("SADD", common.quiet, "z")
            try await bench.run("HSET", common.clock, "last", "9999999999999", "grace", "9999999999999")
        },
    ]

    static let reported = [
        PlantedFault(
            "envelopes that cannot be read", [.envelopeUnreadable: 2, .envelopeOfLaterRelease: 1],
            remaining: [.envelopeUnreadable, .envelopeOfLaterRelease]
        ) { bench in
            try await bench.run(
                "HSET", bench.keys.jobs, "1m7y5b7vbbkbn6km0000", "what", "1m7y5b7vbbkbn6km0001", "3 kind new\n{}", "id",
                "1 kind 3x50 0 0 0\n{}")
        },
        PlantedFault("unknown names", [.keyUnknown: 2], remaining: [.keyUnknown]) { bench in
            try await bench.run("SET", "\(bench.bench.namespace):{test}:else", "1")
            try await bench.run("HSET", bench.keys.keys, "else", "1")
        },
        PlantedFault("a follower that cannot be read", [.followerUnreadable: 1], remaining: [.followerUnreadable]) {
            bench in
            try await bench.run("HSET", bench.keys.next, "k", "what")
        },
        PlantedFault("wrong types", [.wrongType: 2], remaining: [.wrongType]) { bench in
            try await bench.run("SET", bench.keys.lane("x"), "1")
            try await bench.run("DEL", bench.keys.counters)
            try await bench.run("RPUSH", bench.keys.counters, "1")
        },
    ]
}

extension DoctorBench {
    /// A job of w1 in no lane and without a key.
    func plainClaim() async throws -> String? {
        let cancels = Set(try await strings("HKEYS", keys.cancels))
        let claims = try await strings("HGETALL", keys.claims(of: "w1"))
        return stride(from: 0, to: claims.count, by: 2).first {
            !claims[$0 + 1].contains(" ") && !cancels.contains(claims[$0])
        }.map { claims[$0] }
    }

    func follower() async throws -> String {
        let value = try #require(try await strings("HVALS", keys.next).first)
        return String(value.prefix { $0 != " " })
    }
}
