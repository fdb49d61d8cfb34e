import Redis
import Testing

@testable import Queue

extension PlantedFault {
    private static let stranger = "1m7y5b7vbbkbn6km0000"

    static let chains = [
        chain("all places of order keys are gone", [.jobNowhere: 5]) { bench in
            try await bench.run("DEL", bench.keys.orders)
        },
        chain(
            "nothing says whose turn it is", [.turnLost: 5, .chainStuck: 4], whileRepairing: [.turnLost: 5]
        ) { bench in
            for order in ["running", "retried", "due", "laned", "alone"] {
                try await bench.run("HDEL", bench.keys.keys, "o:" + order)
            }
        },
        chain("the first of a chain is gone", [.entryWithoutJob: 1, .keyWithoutJob: 1]) { bench in
            try await bench.run("HDEL", bench.keys.jobs, try await bench.first("laned"))
        },
        chain("one that waits is gone", [.turnWithoutJob: 1]) { bench in
            try await bench.run("HDEL", bench.keys.jobs, try await bench.behind("running"))
        },
        chain("the first of a chain is nowhere", [.jobNowhere: 1]) { bench in
            try await bench.run("HDEL", bench.keys.claims(of: "w1"), try await bench.first("running"))
        },
        chain("places that cannot be read", [.turnUnreadable: 2]) { bench in
            try await bench.run("ZADD", bench.keys.orders, "0", "what is this", "0", "")
        },
        chain(
            "a place of no job in a chain of nobody", [.turnWithoutJob: 1, .chainStuck: 1],
            whileRepairing: [.turnWithoutJob: 1]
        ) { bench in
            try await bench.run("ZADD", bench.keys.orders, "0", "none 000000000000001 \(stranger) 0")
        },
        chain("a job at another place than its header says", [.turnMisplaced: 1]) { bench in
            let member = try await bench.member("running")
            let fields = member.split(separator: " ").map(String.init)
            try await bench.run("ZREM", bench.keys.orders, member)
            try await bench.run(
                "ZADD", bench.keys.orders, "0", "running 000000000000001 \(fields[2]) 0")
        },
        chain(
            "a job in the chain of another key", [.turnMisplaced: 1, .chainStuck: 1],
            whileRepairing: [.turnMisplaced: 1]
        ) { bench in
            let member = try await bench.member("due")
            try await bench.run("ZREM", bench.keys.orders, member)
            try await bench.run("ZADD", bench.keys.orders, "0", "else" + member.drop { $0 != " " })
        },
        chain("a job without an order key at a place", [.turnMisplaced: 1]) { bench in
            let id = try #require(try await bench.strings("ZRANGE", bench.keys.dead, "0", "0").first)
            try await bench.run("ZADD", bench.keys.orders, "0", "running 000000000000001 \(id) 0")
        },
        chain("one that waits is in line too", [.jobInTwoPlaces: 1]) { bench in
            try await bench.run("RPUSH", bench.keys.ready, try await bench.behind("running"))
        },
        chain("one that waits runs too", [.jobInTwoPlaces: 1]) { bench in
            try await bench.run("HSET", bench.keys.claims(of: "w1"), try await bench.behind("running"), "7")
        },
        chain("one that waits has its turn too", [.chainStuck: 1]) { bench in
            try await bench.run("HSET", bench.keys.keys, "o:running", try await bench.behind("running"))
        },
        chain("a buried job has the turn", [.turnLost: 1, .keyWithoutJob: 1], whileRepairing: [.turnLost: 1]) { bench in
            let id = try #require(try await bench.strings("ZRANGE", bench.keys.dead, "0", "0").first)
            try await bench.run("HSET", bench.keys.keys, "o:retried", id)
        },
        chain("whose turn it is cannot be read", [.turnLost: 1, .keyUnreadable: 1], whileRepairing: [.turnLost: 1]) {
            bench in
            try await bench.run("HSET", bench.keys.keys, "o:due", "no id")
        },
    ]

    private static func chain(
        _ name: String, _ found: [Ailment: Int], whileRepairing: [Ailment: Int]? = nil,
        plant: @escaping @Sendable (DoctorBench) async throws -> Void
    ) -> PlantedFault {
        PlantedFault(name, found, whileRepairing: whileRepairing, needsChains: true, plant: plant)
    }
}

extension DoctorBench {
    /// Whose turn it is.
    fileprivate func first(_ order: String) async throws -> String {
        try #require(try await strings("HMGET", keys.keys, "o:" + order).first)
    }

    /// What `orders` has of the first that waits.
    fileprivate func member(_ order: String) async throws -> String {
        try #require(
            try await strings("ZRANGEBYLEX", keys.orders, "[\(order) ", "(\(order)!", "LIMIT", "0", "1").first)
    }

    fileprivate func behind(_ order: String) async throws -> String {
        String(try await member(order).split(separator: " ")[2])
    }
}

/// What a repair leaves of the order.
@Suite(.timeLimit(.minutes(1)))
struct RepairedOrderTests {
    @Test(arguments: [true, false]) func whatWaitedComesBackInItsOrder(_ turnsToo: Bool) async throws {
        let bench = try await DoctorBench()
        let jobs = (0..<20).map { _ in bench.job(order: "k") }
        try await bench.bench.client().enqueue(jobs, to: bench.queue)
        let first = try await bench.bench.trip(want: 9, at: 0).jobs
        try await bench.run("DEL", bench.keys.orders)
        if turnsToo { try await bench.run("DEL", bench.keys.keys) }
        #expect(try await bench.doctor.examine(repairs: true).isWell)
        var ran = first.map(\.id)
        var running = first
        for _ in 0..<30 {
            running = try await bench.bench.trip(
                want: 9, settling: running.map { Settlement(.done(), of: $0, leavesTrace: false) }, at: 0
            ).jobs
            #expect(running.count <= 1)
            ran += running.map(\.id)
        }
        #expect(ran == jobs.map(\.id))
    }
}
