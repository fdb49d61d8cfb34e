package import Foundation

/// The sample call of `deploy/sample/call.json`, filled in for one run.
package struct SampleCall: Sendable {
    /// Events that are posted in one request.
    package struct Step: Sendable {
        /// The events' types, in order.
        package let types: [String]
        /// The request's body: one event, or an array of them.
        package let body: [UInt8]
    }

    /// The requests, in order.
    package let steps: [Step]
    /// The engagement that the call ends as.
    package let engagementID: String
    /// The status that the call ends with.
    package let finalStatus: String

    /// Fills the template in.
    ///
    /// - Parameters:
    ///   - template: JSON with `{"steps": [[event, ...], ...]}`, in which `{{run}}` stands for the run's id and
    ///     `{{time:-90}}` for the time 90 seconds before `now`, ISO-8601 UTC with milliseconds.
    ///   - run: makes the ids of this run differ from those of every other.
    ///   - now: the time that the call is over.
    /// - Throws: `.sample` when the template is not what it should be.
    package init(template: String, run: String, now: Date) throws(CommandError) {
        struct Broken: Error {}
        do {
            let text = Self.fill(template, run: run, now: now)
            let root = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any]
            guard let groups = root?["steps"] as? [[[String: Any]]], let last = groups.last?.last,
                let engagement = last["engagement_id"] as? String,
                let status = (last["data"] as? [String: Any])?["status"] as? String
            else { throw Broken() }
            steps = try groups.map { events in
                let payload: Any = events.count == 1 ? events[0] : events
                let body = try JSONSerialization.data(withJSONObject: payload, options: [.sortedKeys])
                return Step(types: events.map { $0["type"] as? String ?? "?" }, body: Array(body))
            }
            engagementID = engagement
            finalStatus = status
        } catch {
            throw CommandError(.sample, "deploy/sample/call.json is not a sample call", underlying: error)
        }
    }

    /// A new id for a run: the time in base 36 and some random digits.
    package static func makeRun(now: Date) -> String {
        String(Int64(now.timeIntervalSince1970 * 1_000), radix: 36) + SecretMaker.hex(byteCount: 3)
    }

    /// Finds the folder `deploy/sample`: the one given, under the working folder, or under one above the program, as in
    /// a build of a clone; nil when there is none.
    package static func folder(given: String?, programs: String) -> String? {
        var candidates = [given, FileManager.default.currentDirectoryPath + "/deploy/sample"].compactMap(\.self)
        var folder = URL(fileURLWithPath: programs)
        for _ in 0..<6 where folder.path != "/" {
            candidates.append(folder.path + "/deploy/sample")
            folder.deleteLastPathComponent()
        }
        candidates.append("/usr/share/aventora/sample")
        return candidates.first { FileManager.default.isReadableFile(atPath: "\($0)/call.json") }
    }

    private static func fill(_ template: String, run: String, now: Date) -> String {
        var filled = ""
        var rest = template[...]
        while let open = rest.range(of: "{{"),
            let close = rest.range(of: "}}", range: open.upperBound..<rest.endIndex)
        {
            let name = rest[open.upperBound..<close.lowerBound]
            filled += rest[..<open.lowerBound]
            if name == "run" {
                filled += run
            } else if name.hasPrefix("time:"), let seconds = Double(name.dropFirst(5)) {
                let style = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
                filled += now.addingTimeInterval(seconds).formatted(style)
            } else {
                filled += rest[open.lowerBound..<close.upperBound]
            }
            rest = rest[close.upperBound...]
        }
        return filled + rest
    }
}
