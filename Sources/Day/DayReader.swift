internal import Basics
internal import Curl
internal import Peers
internal import Postgres

/// Looks at what the day has left behind.
struct DayReader: Sendable {
    let plan: DayPlan
    let settings: DaySettings
    let connection: DayConnection
    let hub: DayHub
    let facts: DayScript.Facts

    /// Deliveries of the subscription by their id: what about, and how often they came.
    struct Delivery: Sendable {
        let type: String
        let subject: String
        let count: Int64
    }

    /// The first workspace of Twenty.
    static func workspace(_ connection: DayConnection) async throws -> JSONObject {
        let all = try await connection.state(.twenty)["workspaces"]?.objects ?? []
        return all.first { $0["id"]?.string == DayPlan.workspaceID } ?? JSONObject()
    }

    /// Everything but the replay, which is still to come.
    func state() async throws -> (state: DayState, pushes: DayPushes) {
        var state = DayState()
        let workspace = try await Self.workspace(connection)
        let people = DayPeople(workspace)
        try await addHub(&state)
        people.add(plan, &state)
        try await addCalls(people, &state)
        try await addSubscription(people, &state)
        let pushes = try await pushes()
        state.add(.pushes, pushes.isInBound ? DayLine.pushesInBound : "\(pushes.count) pushes, above \(pushes.bound)")
        for job in try await dead() { state.add(.dead, job) }
        return (state, pushes)
    }

    private func addHub(_ state: inout DayState) async throws {
        let domains = try await connection.state(.assistant)["domains"]?.objects ?? []
        for domain in domains where domain["workspaceId"]?.string == DayPlan.workspaceID {
            state.add(.hub, "\(domain["domainName"]?.string ?? "-") is connected")
            for user in domain["users"]?.strings ?? [] { state.add(.hub, "user \(user)") }
        }
        let calls = try await connection.calls(.assistant, under: "/internal")
        for (action, job, told, delay) in [
            ("full", facts.fullJob, facts.provisionedMilliseconds, settings.fullDelayMilliseconds),
            ("sync_members", facts.membersJob, facts.membersMilliseconds, settings.membersDelayMilliseconds),
        ] {
            let own = calls.filter { call in
                call["body"]?.object?["action"]?.string == action && Self.time(of: call) >= facts.startedMilliseconds
            }
            let keys = Set(own.map { $0["headers"]?.object?["idempotency-key"]?.string ?? "-" })
            for key in keys.sorted() { state.add(.hub, key == job ? "\(action) once" : "\(action) by job \(key)") }
            let first = own.map(Self.time).min() ?? 0
            state.add(.hub, "\(action) \(first >= told + delay ? "after" : "before") its delay")
        }
    }

    /// When a played system got a call, in ms.
    private static func time(of call: JSONObject) -> Int64 {
        call["at"]?.string.flatMap { Timestamp(iso8601: $0)?.milliseconds } ?? 0
    }

    private func addCalls(_ people: DayPeople, _ state: inout DayState) async throws {
        let names = plan.contacts.flatMap { [plan.call($0, half: 0), plan.call($0, half: 1)] }
        for row in try await hub.calls(names) {
            state.add(
                .calls,
                DayLine.call(
                    try row.string("engagement_id"), try row.optionalString("status") ?? "-",
                    try row.optionalString("outcome") ?? "-", history: Int(try row.integer("history")),
                    transcript: Int(try row.integer("transcript")),
                    person: people.phone(try row.optionalString("person_id"))))
        }
        let engaged = try await hub.engagements(of: plan.engaged.map(\.id), since: facts.startedMilliseconds)
        for row in engaged {
            state.add(
                .engagements,
                DayLine.engagement(
                    people.phone(try row.optionalString("person_id")), try row.optionalString("status") ?? "-",
                    try row.optionalString("outcome") ?? "-", history: Int(try row.integer("history")),
                    transcript: Int(try row.integer("transcript"))))
        }
    }

    private func addSubscription(_ people: DayPeople, _ state: inout DayState) async throws {
        let held = try await connection.state(.subscriber)
        let unsigned = held["unsigned"]?.integer ?? 0
        if unsigned > 0 { state.add(.subscription, "\(unsigned) without a signature that fits") }
        for delivery in Self.deliveries(held).values {
            let subject = delivery.type == "person.created" ? people.identity(delivery.subject) : delivery.subject
            state.add(.subscription, "\(delivery.type) \(subject)")
        }
    }

    /// What the subscriber has, by `webhook-id`.
    static func deliveries(_ state: JSONObject) -> [String: Delivery] {
        var deliveries: [String: Delivery] = [:]
        for item in state["deliveries"]?.objects ?? [] {
            deliveries[item["id"]?.string ?? ""] = Delivery(
                type: item["type"]?.string ?? "", subject: item["subject"]?.string ?? "",
                count: item["count"]?.integer ?? 0)
        }
        return deliveries
    }

    /// Pushes to the CRM that were sent, and how many there may be.
    private func pushes() async throws -> DayPushes {
        let since = Timestamp(milliseconds: facts.startedMilliseconds).iso8601
        var count = 0
        var cursor: String?
        repeat {
            let place = cursor.map { "&cursor=\($0)" } ?? ""
            let page = try await connection.ask(
                .get, "/v1/deliveries?target=twenty&domain_name=\(DayPlan.account)&since=\(since)&limit=200\(place)")
            count +=
                (page["items"]?.objects ?? []).filter {
                    $0["state"]?.string != "cancelled"
                }.count
            cursor = page["next_cursor"]?.string
        } while cursor != nil
        let waits = Double(facts.longestCallMilliseconds) / Double(max(settings.longestWaitMilliseconds, 1))
        return DayPushes(
            count: count, bound: Int(Double(plan.size.calls) * (1 + waits)) + plan.statusEvents,
            changes: plan.size.calls * plan.size.updates)
    }

    /// Jobs that were buried during the day.
    private func dead() async throws -> [String] {
        let since = Timestamp(milliseconds: facts.startedMilliseconds).iso8601
        let page = try await connection.ask(.get, "/v1/dead?since=\(since)&limit=200")
        return (page["items"]?.objects ?? []).map {
            "\($0["kind"]?.string ?? "-"): \($0["reason"]?.string ?? $0["last_error"]?.string ?? "-")"
        }
    }
}

/// How many pushes there were.
struct DayPushes: Sendable {
    let count: Int
    let bound: Int
    /// How many changes of logs there were.
    let changes: Int

    var isInBound: Bool { count <= bound }
}
