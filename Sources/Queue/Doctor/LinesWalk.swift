// A line is read from its tail to its head, by distances from the tail: what is taken from the head, or pushed to it, does
// not move the rest, so nothing that stays in line is missed. Each window begins with the entry that was read last; what is
// pushed to the tail meanwhile makes windows overlap by more, and the entries that are the same tell by how much.

import Redis

/// A walk over several lines, some at a time.
struct LinesWalk {
    /// One entry of a line.
    struct Entry {
        let name: String
        /// As `survey.lua` says.
        let flag: UInt8
        /// Entries that stood between it and the tail.
        let skipped: Int
    }

    private struct Line {
        let lane: String
        let key: String
        var skipped = 0
        /// Where the next window begins.
        var start: Int { max(0, skipped - 1) }
        /// What the step before read.
        var before: ArraySlice<String> = []
        var steps = 0
    }

    private let keys: Keys
    private let slice: Int
    private var waiting: [Line]
    private var active: [Line] = []
    /// The longest line so far.
    private(set) var longest = 0

    private static let mostActive = 16
    /// Far more than a line of any allowed length has; a line that grows faster than it is read is left at last.
    private static let mostSteps = 1_000_000

    /// - Parameter slice: about how many entries one step reads.
    init(lanes: some Sequence<String>, keys: Keys, slice: Int) {
        self.keys = keys
        self.slice = slice
        waiting = lanes.map { Line(lane: $0, key: keys.lane($0)) }
        waiting.append(Line(lane: "", key: keys.ready))
    }

    /// What comes next, by lane ('' = ready), each from the head's side to the tail's; nil at the end.
    mutating func next(_ calls: DoctorCalls) async throws(QueueError) -> [(lane: String, entries: [Entry])]? {
        while active.count < Self.mostActive, let line = waiting.popLast() { active.append(line) }
        guard !active.isEmpty else { return nil }
        let count = max(slice / active.count, slice / 8, 1)
        let replies = try await calls.run(
            active.map { calls.survey("list", of: $0.key, keys, from: "\($0.start)", count: count + 1) })
        var pages: [(String, [Entry])] = []
        var rest: [Line] = []
        for (line, reply) in zip(active, replies) {
            var line = line
            let (entries, isLast) = try read(reply, &line, count)
            if !entries.isEmpty { pages.append((line.lane, entries)) }
            if !isLast, line.steps < Self.mostSteps { rest.append(line) }
        }
        active = rest
        return pages
    }

    private mutating func read(
        _ reply: RedisReply, _ line: inout Line, _ count: Int
    ) throws(QueueError) -> (entries: [Entry], isLast: Bool) {
        let texts = reply.texts
        guard texts.count >= 2, let length = Int(texts[0]) else { throw QueueClient.unexpectedReply }
        let flags = Array(texts[1].utf8)
        let names = texts[2...]
        guard flags.count == names.count else { throw QueueClient.unexpectedReply }
        longest = max(longest, length)
        var entries = zip(names, flags).enumerated().map { index, pair in
            Entry(name: pair.0, flag: pair.1, skipped: line.start + names.count - 1 - index)
        }
        let isLast = names.count < count + 1
        entries.removeLast(overlap(of: line.before, with: names))
        if !names.isEmpty { line.before = names }
        line.skipped = line.start + count + 1
        line.steps += 1
        return (entries, isLast)
    }

    /// How many entries at the end of a window are those at the beginning of the one before.
    private func overlap(of before: ArraySlice<String>, with names: ArraySlice<String>) -> Int {
        guard let first = before.first, let start = names.lastIndex(of: first) else { return 0 }
        let common = names[start...]
        return common.count <= before.count && common.elementsEqual(before.prefix(common.count)) ? common.count : 0
    }
}
