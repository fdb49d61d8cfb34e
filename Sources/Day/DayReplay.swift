internal import Basics
internal import Curl
internal import Peers

/// What an operator does in the evening: the ends of all calls go to the subscription once more.
struct DayReplay: Sendable {
    let script: DayScript
    let reader: DayReader

    /// A line for each call whose end came once more under its old id; any other line is a fault.
    func run() async throws -> [String] {
        let before = DayReader.deliveries(try await script.connection.state(.subscriber))
        let wish = wish()
        let dry = try await script.connection.ask(.post, "/v1/replays", "{\(wish),\"dry_run\":true}")
        let count = dry["count"]?.integer ?? 0
        let replay = try await script.connection.ask(.post, "/v1/replays", "{\(wish),\"pace_per_second\":1000}")
        let id = replay["id"]?.string ?? ""
        try await script.wait("the replay to end") {
            let state = try await script.connection.ask(.get, "/v1/replays/\(id)")
            return state["state"]?.string == "done" && state["delivered"]?.integer == count
        }
        let after = DayReader.deliveries(try await script.connection.state(.subscriber))
        var lines = count == Int64(script.plan.size.calls) ? [] : ["the dry run counted \(count)"]
        for (id, delivery) in after {
            let more = delivery.count - (before[id]?.count ?? 0)
            if more == 0 { continue }
            let isMeant = more == 1 && before[id] != nil && delivery.type == "call.completed"
            lines.append(
                isMeant ? "\(delivery.subject) once more" : "\(delivery.type) \(delivery.subject) \(more) times more")
        }
        return lines
    }

    private func wish() -> String {
        let from = Timestamp(milliseconds: reader.facts.startedMilliseconds).iso8601
        let to = Timestamp(milliseconds: script.now() + 60_000).iso8601
        return
            #""from":"\#(from)","to":"\#(to)","endpoint":"\#(reader.facts.endpoint)","event_type":"call.completed","state":"delivered""#
    }
}
