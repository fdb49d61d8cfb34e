import Redis

/// One check of one queue: the steps in their order. Numbers and limits come first, since a script that stumbles over one
/// of them would stop half-way; lanes come after jobs and followers, which may have been put into them.
struct QueueRound {
    let queue: QueueName
    let keys: Keys
    let holdings: KeyCensus.Holdings
    let calls: DoctorCalls
    let options: QueueDoctor.Options
    let mends: Bool
    let onProgress: @Sendable (DoctorProgress) -> Void
    var report = DoctorReport()
    /// The highest fence that a claim was seen with.
    var highestFence: Int64 = 0
    /// Envelopes that one call may read: few when they are large.
    private(set) var envelopesPerCall = 1
    private var lanesWithoutState: [String] = []
    /// Lanes whose count was found wrong: every call that looks at lanes counts anew.
    private var miscounted: Set<String> = []

    init(
        queue: QueueName, keys: Keys, holdings: KeyCensus.Holdings, calls: DoctorCalls, options: QueueDoctor.Options,
        mends: Bool, onProgress: @escaping @Sendable (DoctorProgress) -> Void
    ) {
        self.queue = queue
        self.keys = keys
        self.holdings = holdings
        self.calls = calls
        self.options = options
        self.mends = mends
        self.onProgress = onProgress
    }

    mutating func run(_ times: ProcessRound.Times) async throws(QueueError) {
        for key in holdings.unknown { note(.keyUnknown, key) }
        for wrong in holdings.wrongTypes {
            note(.wrongType, wrong.key, "a \(wrong.is) instead of a \(wrong.shouldBe)")
        }
        // No script could do its work, ours as little as the workers'.
        guard holdings.wrongTypes.isEmpty else { return }
        try await sampleEnvelopes()
        try await tally("numbers", [])
        for part in ["limits", "bucket", "breaker"] { try await sift(part) }
        try await recount(lanes: [])
        try await sift("due")
        try await sift("orders")
        try await examineJobs(nowMilliseconds: times.nowMilliseconds)
        try await sift("keys")
        try await sift("chains")
        try await sift("next")
        try await examineLanes()
        try await tally("sums", ["\(QueueDoctor.mostLanes)", "\(highestFence)"] + lanesWithoutState)
        try await tally("leases", ["\(times.abandonedBeforeMilliseconds)"] + holdings.workers.sorted())
    }

    /// See ``QueueDoctor/keepUp(_:)``.
    mutating func keepUp() async throws(QueueError) {
        try await recount(lanes: [])
        try await tally("leases", ["0"] + holdings.workers.sorted())
    }

    mutating func note(_ ailment: Ailment, _ name: String, _ note: String = "", isRepaired: Bool = false) {
        report.add(ailment, in: queue, name: name, note: note, isRepaired: isRepaired)
    }

    mutating func take(_ findings: [RawFinding]) {
        for finding in findings { note(finding.ailment, finding.name, finding.note, isRepaired: finding.isRepaired) }
    }

    func tell(_ step: String, _ done: Int, of total: Int = 0) {
        onProgress(DoctorProgress(queue: queue, step: step, done: done, total: total))
    }

    private mutating func sampleEnvelopes() async throws(QueueError) {
        let names = try await calls.run("HRANDFIELD", keys.jobs, "20").texts
        guard !names.isEmpty else {
            envelopesPerCall = options.slice
            return
        }
        let lengths = try await calls.run(names.map { RedisCommand("HSTRLEN", arguments: [keys.jobs, $0]) })
        let bytes = lengths.reduce(0) { $0 + ($1.integerValue ?? 0) }
        envelopesPerCall = Self.nextCount(after: 1, read: names.count, bytes: bytes, slice: options.slice)
    }

    private mutating func sift(_ part: String) async throws(QueueError) {
        var cursor = "0"
        var done = 0
        repeat {
            var command = calls.command(Scripts.sift, keys, mends: mends)
            command.append(part)
            command.append(cursor)
            command.append(envelopesPerCall)
            let reply = try await calls.run(command)
            guard let next = reply.arrayValue?.first?.string else { throw QueueClient.unexpectedReply }
            take(try RawFinding.read(reply, skipping: 1))
            cursor = next
            done += envelopesPerCall
            tell("looking at " + (Self.partNames[part] ?? part), done)
        } while cursor != "0"
    }

    private static let partNames = [
        "next": "followers", "due": "due times of lanes", "orders": "places in order", "chains": "order keys",
    ]

    private mutating func tally(_ part: String, _ arguments: [String]) async throws(QueueError) {
        var command = calls.command(Scripts.tally, keys, mends: mends)
        command.append(part)
        for argument in arguments { command.append(argument) }
        let texts = try await calls.run(command)
        guard texts.texts.first != "too-many-lanes" else {
            return omit("more than \(QueueDoctor.mostLanes) lanes have jobs: their sum was not checked")
        }
        for finding in try RawFinding.read(texts) {
            let isRepaired = finding.ailment == .leaseNotReaped && mends ? try await reap(finding.name) : nil
            note(finding.ailment, finding.name, finding.note, isRepaired: isRepaired ?? finding.isRepaired)
        }
    }

    private func reap(_ worker: String) async throws(QueueError) -> Bool {
        for _ in 0..<10_000 {
            var command = RedisCommand(script: Scripts.reap, keys: keys.all + [keys.claims(of: worker)])
            command.append(calls.scriptTimeMilliseconds)
            command.append(worker)
            command.append(Heartbeat.leaseMilliseconds)
            command.append(Limits.reapedPerCall)
            command.append(Limits.crashesUntilQuarantine)
            guard let left = try await calls.run(command).arrayValue?.last?.integerValue else {
                throw QueueClient.unexpectedReply
            }
            // -1: it lives after all.
            if left <= 0 { return true }
        }
        return false
    }

    private mutating func recount(lanes: [String]) async throws(QueueError) {
        var command = calls.command(Scripts.recount, keys, mends: mends)
        command.append(QueueDoctor.mostClaims)
        command.append(counted: holdings.workers.sorted())
        for lane in lanes { command.append(lane) }
        let reply = try await calls.run(command)
        guard reply.arrayValue?.first?.integerValue != -1 else {
            return omit(
                "more than \(QueueDoctor.mostClaims) jobs run at a time: what runs in each lane was not counted")
        }
        let findings = try RawFinding.read(reply, skipping: 1)
        take(findings.filter { $0.ailment != .runningMiscounted || miscounted.insert($0.name).inserted })
        lanesWithoutState += findings.filter { $0.ailment == .laneWithoutState && !$0.isRepaired }.map(\.name)
    }

    private mutating func omit(_ reason: String) {
        let omission = DoctorReport.Omission(queue: queue.description, reason: reason)
        if !report.omissions.contains(omission) { report.omissions.append(omission) }
    }

    /// Every lane of which anything says that it has jobs, a turn or a hold.
    private mutating func examineLanes() async throws(QueueError) {
        var lanes = holdings.lanes
        for (what, key) in [("fields", keys.lanes), ("sorted", keys.lanesHeld)] {
            var cursor = "0"
            repeat {
                let reply = try await calls.run(
                    calls.survey(what, of: key, keys, from: cursor, count: options.slice))
                let texts = reply.texts
                guard texts.count >= 2 else { throw QueueClient.unexpectedReply }
                cursor = texts[0]
                lanes.formUnion(texts[2...])
            } while cursor != "0"
        }
        let turns = Int(try await calls.run("LLEN", keys.ring).integerValue ?? 0)
        for first in stride(from: 0, to: turns, by: 1_000) {
            lanes.formUnion(try await calls.run("LRANGE", keys.ring, "\(first)", "\(first + 999)").texts)
        }
        // Each lane costs a look through the ring, about 1 ms per 50,000.
        let batch = min(200, max(1, 100_000 / (turns + 500)))
        let names = lanes.sorted()
        for first in stride(from: 0, to: names.count, by: batch) {
            try await recount(lanes: Array(names[first..<min(first + batch, names.count)]))
            tell("looking at lanes", first, of: names.count)
        }
    }
}
