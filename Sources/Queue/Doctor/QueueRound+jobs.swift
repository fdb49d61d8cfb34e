// Jobs and the places where they are. The order of the walk matters: due times, then lines, then claims is the way that a
// job goes, so one that moves on while it is read is seen further on.

import Redis

extension QueueRound {
    /// A job that needs a closer look.
    private struct Suspect {
        enum Reason { case nowhere, contradictory, gone, cancelledNowhere }

        let reason: Reason
        var header = ""
        /// Where it belongs if it is nowhere.
        var destination = ""
        var sightings: [(lane: String, skipped: Int)] = []
    }

    mutating func examineJobs(nowMilliseconds: Int64) async throws(QueueError) {
        var survey = JobSurvey()
        try await readEnvelopes(into: &survey)
        try await read("turns", keys.orders, as: .turn, into: &survey)
        for (key, place) in [(keys.due, JobSurvey.Sighting.due), (keys.lanesDue, .laneDue)] {
            try await read("sorted", key, as: place, into: &survey)
        }
        let longest = try await readLines(into: &survey)
        try await read("sorted", keys.dead, as: .dead, into: &survey)
        for worker in holdings.workers.sorted() { try await readClaims(of: worker, into: &survey) }
        try await read("set", keys.cancelled, as: .cancelled, into: &survey)
        try await read("fields", keys.errors, as: [], into: &survey)
        try await read("fields", keys.cancels, as: .wish, into: &survey)
        report.jobs = survey.jobCount

        var suspects: [String: Suspect] = [:]
        for id in survey.contradictory { suspects[id.description] = Suspect(reason: .contradictory) }
        for id in survey.cancelledNowhere { suspects[id.description] = Suspect(reason: .cancelledNowhere) }
        for name in survey.gone { suspects[name] = Suspect(reason: .gone) }
        let (nowhere, firsts) = (survey.nowhere, survey.first)
        survey = JobSurvey()
        // Before what is nowhere is put back: it may belong behind one of these.
        try await examineFirsts(firsts)
        var first = 0
        repeat {
            let last = min(first + options.suspectsPerWalk, nowhere.count)
            try await addLost(nowhere[first..<last], to: &suspects)
            try await judge(suspects, longest: longest, nowMilliseconds: nowMilliseconds)
            suspects = [:]
            first = last
            tell("looking for lost jobs", first, of: nowhere.count)
        } while first < nowhere.count
    }

    // MARK: - Reading

    private mutating func readEnvelopes(into survey: inout JobSurvey) async throws(QueueError) {
        let total = Int(try await calls.run("HLEN", keys.jobs).integerValue ?? 0)
        survey.reserve(total)
        var cursor = "0"
        var count = envelopesPerCall
        repeat {
            let reply = try await calls.run(
                calls.survey("jobs", of: keys.jobs, keys, from: cursor, count: count))
            guard let parts = reply.arrayValue, parts.count >= 2, let next = parts[0].string,
                let bytes = parts[1].integerValue
            else { throw QueueClient.unexpectedReply }
            for index in stride(from: 2, to: parts.count - 1, by: 2) {
                note(parts[index].string ?? "", header: parts[index + 1].bytesValue ?? [], in: &survey)
            }
            cursor = next
            count = Self.nextCount(after: count, read: (parts.count - 2) / 2, bytes: bytes, slice: options.slice)
            tell("reading the jobs", survey.jobCount, of: total)
        } while cursor != "0"
    }

    /// Envelopes are read whole by the script, so few large ones are as much as many small ones.
    static func nextCount(after count: Int, read: Int, bytes: Int64, slice: Int) -> Int {
        let wanted: Int64 = 512 * 1024
        guard read > 0, bytes > 0 else { return min(count * 2, slice) }
        return max(1, min(slice, Int(wanted * Int64(read) / bytes)))
    }

    private mutating func note(_ name: String, header: [UInt8], in survey: inout JobSurvey) {
        guard let id = JobID(name) else {
            note(.envelopeUnreadable, name, "its id is none")
            return
        }
        let envelope = Envelope(bytes: header + [UInt8(ascii: "\n")])
        let isReadable = envelope != nil
        if !isReadable {
            let isLater = header.first.map { (UInt8(ascii: "3")...UInt8(ascii: "9")).contains($0) } ?? false
            note(
                isLater ? .envelopeOfLaterRelease : .envelopeUnreadable, name,
                String(decoding: header.prefix(100), as: UTF8.self))
        }
        survey.saw(envelopeOf: id, isReadable: isReadable, isOrdered: envelope?.options.orderKey != nil)
    }

    private mutating func read(
        _ what: String, _ key: String, as place: JobSurvey.Sighting, into survey: inout JobSurvey
    ) async throws(QueueError) {
        var cursor = "0"
        repeat {
            let texts = try await calls.run(
                calls.survey(what, of: key, keys, from: cursor, count: options.slice)
            ).texts
            guard texts.count >= 2, texts.count - 2 == texts[1].utf8.count else { throw QueueClient.unexpectedReply }
            for (member, flag) in zip(texts[2...], texts[1].utf8) {
                let name = member.prefix { $0 != " " }
                survey.saw(String(name), in: place, flag: flag)
            }
            cursor = texts[0]
        } while cursor != "0"
    }

    private mutating func readClaims(of worker: String, into survey: inout JobSurvey) async throws(QueueError) {
        var cursor = "0"
        repeat {
            let texts = try await calls.run(
                calls.survey("claims", of: keys.claims(of: worker), keys, from: cursor, count: options.slice)
            ).texts
            guard texts.count >= 2, texts.count - 2 == texts[1].utf8.count * 2 else {
                throw QueueClient.unexpectedReply
            }
            for (index, flag) in texts[1].utf8.enumerated() {
                let (name, claim) = (texts[2 + index * 2], texts[3 + index * 2])
                survey.saw(name, in: .claim, flag: flag)
                let fence = Int64(claim.prefix { $0 != " " })
                highestFence = max(highestFence, fence ?? 0)
                if fence == nil { survey.saw(name, in: .claimAgain, flag: flag) }
            }
            cursor = texts[0]
        } while cursor != "0"
    }

    /// Answers how long the longest line is.
    private mutating func readLines(into survey: inout JobSurvey) async throws(QueueError) -> Int {
        var walk = LinesWalk(lanes: holdings.lanes.sorted(), keys: keys, slice: options.slice)
        var done = 0
        while let pages = try await walk.next(calls) {
            for page in pages {
                for entry in page.entries { survey.saw(entry.name, in: .line, flag: entry.flag) }
                done += page.entries.count
            }
            tell("reading the lines", done, of: walk.longest)
        }
        return walk.longest
    }

    // MARK: - Judging

    /// Jobs that stand where they can run: their chains have to say that it is their turn.
    private mutating func examineFirsts(_ ids: [JobID]) async throws(QueueError) {
        let batch = min(100, envelopesPerCall)
        for first in stride(from: 0, to: ids.count, by: batch) {
            var command = calls.command(Scripts.chains, keys, mends: mends)
            for id in ids[first..<min(first + batch, ids.count)] { command.append(id) }
            take(try RawFinding.read(await calls.run(command)))
            tell("looking at order keys", first, of: ids.count)
        }
    }

    /// Adds those that still have an envelope, with its header: what has changed by the time of the judgement was somewhere.
    private mutating func addLost(
        _ ids: ArraySlice<JobID>, to suspects: inout [String: Suspect]
    ) async throws(QueueError) {
        let batch = min(100, envelopesPerCall)
        for first in stride(from: ids.startIndex, to: ids.endIndex, by: batch) {
            let names = ids[first..<min(first + batch, ids.endIndex)].map(\.description)
            var command = calls.survey("ids", of: keys.jobs, keys, from: "0", count: 0)
            for name in names { command.append(name) }
            guard let headers = try await calls.run(command).arrayValue, headers.count == names.count else {
                throw QueueClient.unexpectedReply
            }
            for (name, header) in zip(names, headers) {
                guard let bytes = header.bytesValue, !bytes.isEmpty else { continue }
                var suspect = Suspect(reason: .nowhere)
                suspect.header = String(decoding: bytes, as: UTF8.self)
                suspect.destination = Self.destination(bytes)
                suspects[name] = suspect
            }
        }
    }

    /// A job with nothing left of its budgets was buried; another goes back into its line.
    private static func destination(_ header: [UInt8]) -> String {
        guard let envelope = Envelope(bytes: header + [UInt8(ascii: "\n")]) else { return "" }
        let isSpent =
            envelope.attempts >= envelope.policy.attempts || envelope.crashes >= Limits.crashesUntilQuarantine
        return isSpent ? "dead" : "line"
    }

    /// Walks over the lines once more with the suspects in mind, and has each judged: those in a line when they are seen
    /// there, the others at the end.
    private mutating func judge(
        _ suspects: [String: Suspect], longest: Int, nowMilliseconds: Int64
    ) async throws(QueueError) {
        guard !suspects.isEmpty else { return }
        var suspects = suspects
        var seen: Set<String> = []
        var counted: Set<RawFinding> = []
        var walk = LinesWalk(lanes: holdings.lanes.sorted(), keys: keys, slice: options.slice)
        var done = 0
        while let pages = try await walk.next(calls) {
            var batch: [String] = []
            for page in pages {
                for entry in page.entries where suspects[entry.name] != nil {
                    suspects[entry.name]?.sightings.append((page.lane, entry.skipped))
                    switch suspects[entry.name]?.reason {
                    case .nowhere, .cancelledNowhere: suspects[entry.name] = nil
                    default: batch.append(entry.name)
                    }
                }
                done += page.entries.count
            }
            seen.formUnion(batch)
            try await examine(batch, suspects, longest, nowMilliseconds, &counted)
            tell("reading the lines again", done, of: longest)
        }
        let rest = suspects.keys.filter { !seen.contains($0) }.sorted()
        let lost = rest.filter { suspects[$0]?.reason == .nowhere }
        let others = rest.filter { suspects[$0]?.reason != .nowhere }
        try await examine(others, suspects, longest, nowMilliseconds, &counted)
        // Two walks have not seen these, and their headers are the same. What is left is one that a worker gave back to the
        // head of its line meanwhile, and there is no need to look far. The lines grow by what is put back.
        try await examine(lost, suspects, .max, nowMilliseconds, &counted, reach: min(options.reach, 1_000))
    }

    /// - Parameter counted: what was found of jobs that may be judged more than once.
    private mutating func examine(
        _ names: [String], _ suspects: [String: Suspect], _ longest: Int, _ nowMilliseconds: Int64,
        _ counted: inout Set<RawFinding>, reach: Int? = nil
    ) async throws(QueueError) {
        let reach = reach ?? options.reach
        let workers = holdings.workers.sorted()
        let microsecondsPerJob = 20 + workers.count + min(longest, 2 * reach) / 20
        let batch = min(100, envelopesPerCall, max(1, 3_000 / microsecondsPerJob))
        for first in stride(from: 0, to: names.count, by: batch) {
            let part = names[first..<min(first + batch, names.count)]
            var command = calls.command(Scripts.examine, keys, mends: mends)
            command.append(reach)
            command.append(counted: workers)
            let spares = mends && part.contains { suspects[$0]?.reason != .nowhere } ? part.count * 2 : 0
            command.append(
                counted: (0..<spares).map { _ in JobID(nowMilliseconds: nowMilliseconds).description })
            for name in part {
                guard let suspect = suspects[name] else { continue }
                command.append(name)
                command.append(suspect.header)
                command.append(suspect.destination)
                command.append(suspect.sightings.count)
                for sighting in suspect.sightings {
                    command.append(sighting.lane)
                    command.append(sighting.skipped)
                }
            }
            for finding in try RawFinding.read(await calls.run(command)) {
                if suspects[finding.name]?.reason != .nowhere, !counted.insert(finding.onlyWhat).inserted { continue }
                take([finding])
            }
        }
    }
}

extension RawFinding {
    /// The same without what was seen and done.
    fileprivate var onlyWhat: RawFinding { RawFinding(ailment: ailment, name: name, note: "", isRepaired: false) }
}
