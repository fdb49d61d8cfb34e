/// Who is measured, and how: each measurement begins from nothing and leaves nothing behind.
struct Contender: Sendable {
    let name: String
    /// At most so many measurements of this one.
    var mostRuns = Int.max
    let measure: @Sendable () async throws -> [Reading]
}

/// Ours and the others measured in turns, so that what disturbs the machine for a minute disturbs all of them.
struct Contest: Sendable {
    /// The first one is what the others are compared with.
    let ours: [Contender]
    let peers: [Contender]
    let runCount: Int

    /// Adds every reading to the report, and tells of it as it comes.
    ///
    /// A peer that fails is measured no more, and the report says so; one of ours that fails ends the benchmark.
    func run(into report: inout Report) async throws {
        var failed: Set<Int> = []
        for run in 1...runCount {
            for turn in turns where run <= turn.contender.mostRuns && !failed.contains(turn.rank) {
                let name = turn.contender.name
                let readings: [Reading]
                do {
                    readings = try await turn.contender.measure()
                } catch  where !turn.isOurs {
                    failed.insert(turn.rank)
                    report.remarks.append("\(name) failed: \(error)")
                    RunCommand.tell("\(name) failed, going on without it: \(error)")
                    continue
                }
                for reading in readings { report.add(reading, of: name, rank: turn.rank) }
                let text = readings.prefix(3).map { "\($0.group) \(FigureText.make($0.value)) \($0.unit)" }
                RunCommand.tell("run \(run) of \(runCount): \(name): \(text.joined(separator: ", "))")
            }
        }
    }

    private struct Turn {
        let rank: Int
        let contender: Contender
        let isOurs: Bool
    }

    /// One of ours, one of theirs, with their places in the table: ours before theirs.
    private var turns: [Turn] {
        (0..<max(ours.count, peers.count)).flatMap { index in
            let own = index < ours.count ? [Turn(rank: index, contender: ours[index], isOurs: true)] : []
            let others =
                index < peers.count
                ? [Turn(rank: ours.count + index, contender: peers[index], isOurs: false)] : []
            return own + others
        }
    }
}
