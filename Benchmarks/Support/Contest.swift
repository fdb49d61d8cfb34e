/// Who is measured, and how: each measurement begins from nothing and leaves nothing behind.
struct Contender: Sendable {
    let name: String
    let measure: @Sendable () async throws -> [Reading]
}

/// Ours and the others measured in turns, so that what disturbs the machine for a minute disturbs all of them.
struct Contest: Sendable {
    /// The first one is what the others are compared with.
    let ours: [Contender]
    let peers: [Contender]
    let runCount: Int

    /// Adds every reading to the report, and tells of it as it comes.
    func run(into report: inout Report) async throws {
        for run in 1...runCount {
            for (rank, contender) in turns {
                let readings = try await contender.measure()
                for reading in readings { report.add(reading, of: contender.name, rank: rank) }
                let text = readings.prefix(2).map { "\($0.group) \(FigureText.make($0.value)) \($0.unit)" }
                RunCommand.tell("run \(run) of \(runCount): \(contender.name): \(text.joined(separator: ", "))")
            }
        }
    }

    /// One of ours, one of theirs, with their places in the table: ours before theirs.
    private var turns: [(rank: Int, contender: Contender)] {
        (0..<max(ours.count, peers.count)).flatMap { index in
            let own = index < ours.count ? [(index, ours[index])] : []
            let others = index < peers.count ? [(ours.count + index, peers[index])] : []
            return own + others
        }
    }
}
