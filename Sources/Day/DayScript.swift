// The day in its order. Each step waits for what the next one needs, and for nothing else: changes of logs, syncs and
// deliveries overlap as they do on any day.

internal import Basics
internal import Curl
internal import Peers

/// Plays a day.
struct DayScript: Sendable {
    let plan: DayPlan
    let settings: DaySettings
    let connection: DayConnection
    let hub: DayHub
    let isFailing: Bool
    let say: @Sendable (String) -> Void

    /// What is only known when it has happened.
    struct Facts: Sendable {
        var startedMilliseconds: Int64 = 0
        /// When the workspace was told to be there, and its members.
        var provisionedMilliseconds: Int64 = 0
        var membersMilliseconds: Int64 = 0
        var longestCallMilliseconds: Int64 = 0
        /// When nothing in Twenty changes any more.
        var quietMilliseconds: Int64 = 0
        var endpoint = ""
        var fullJob = ""
        var membersJob = ""
    }

    private static let longAgo = "2026-01-01T00:00:00.000Z"
    private static let stepLimit = Duration.seconds(150)

    func play() async throws -> Facts {
        var facts = Facts()
        facts.startedMilliseconds = now()
        try await prepare(&facts)
        try await night(&facts)
        try await seedPeople()
        try await fail(DayFaults.morning)
        say("morning: \(plan.size.contacts) calls")
        facts.longestCallMilliseconds = try await calls(half: 0)
        try await fail(DayFaults.noon)
        if isFailing { try await connection.setState(.twenty, #"{"sends_webhooks":false}"#) }
        say("noon: TIPS is synced, and \(plan.size.contacts) more calls")
        let sync = try await job(#"{"kind":"tips.sync","args":{}}"#)
        facts.longestCallMilliseconds = max(facts.longestCallMilliseconds, try await calls(half: 1))
        try await finish(sync, "TIPS to be synced")
        facts.quietMilliseconds = now()
        try await fail(DayFaults.evening)
        say("evening: \(plan.engaged.count) people are engaged")
        try await engage(since: facts.startedMilliseconds)
        return facts
    }

    /// The subscription, the account and the systems as they are before it all begins.
    private func prepare(_ facts: inout Facts) async throws {
        try await hub.check()
        for peer in PeerName.allCases { _ = try await connection.calls(peer, under: "/healthz") }
        try await hub.setAccount(
            receiver: settings.apiURL + "/rest/aventora/webhook", secret: settings.receiverSecret)
        let url = (settings.peers[.subscriber] ?? "") + "/hooks"
        try await connection.removeSubscriptions()
        let made = try await connection.addSubscription(url: url)
        facts.endpoint = made.id
        try await connection.setState(.subscriber, #"{"secret":"\#(made.secret)","deliveries":[]}"#)
        let agents = plan.agents.map { #"{"id":"\#($0)","number":\#($0),"client_count":\#(plan.size.clients)}"# }
        try await connection.setState(.tips, #"{"agents":[\#(agents.joined(separator: ","))]}"#)
        let shared = plan.contacts.compactMap { contact in
            contact.client.map { client in
                #"{"id":"\#(client.agent)","clients":[{"id":"\#(client.id)","firstName":"\#(contact.firstName)","lastName":"\#(contact.lastName)","email":"\#(contact.email)","phone":"\#(contact.phone)"}]}"#
            }
        }
        try await connection.setState(.tips, #"{"change":[\#(shared.joined(separator: ","))]}"#)
        let values = DayPlan.users.map { #""\#($0.email)":\#($0.number)"# }.joined(separator: ",")
        let known = DayPlan.users.compactMap { user in user.hubID.map { #""\#($0)":"\#(user.email)""# } }
        try await connection.setState(.assistant, #"{"domains":[]}"#)
        let users = try await usersOfEarlierDays()
        try await connection.setState(
            .provisioning,
            #"{"workspaces":[{"subdomain":"\#(DayPlan.account)","workspaceMembers":[\#(users)],"roles":["Admin","Member"],"hubConnected":false,"assignedDomain":null,"scopeField":"\#(DayPlan.scopeField)","scopeValues":{\#(values)},"externalUsers":{\#(known.joined(separator: ","))},"fields":{"person":[{"name":"\#(DayPlan.scopeField)","type":"NUMBER"}]}}]}"#
        )
        for user in DayPlan.users { try await addMember(user.email) }
        try await reconcile()
    }

    /// The users who are there from an earlier day, as JSON: workers remember for a while who they are.
    private func usersOfEarlierDays() async throws -> String {
        let members = try await DayReader.workspace(connection)["workspaceMembers"]?.array ?? []
        let emails = Set(DayPlan.users.map(\.email))
        return members.filter { $0.object?["userEmail"]?.string.map(emails.contains) ?? false }
            .map { String(decoding: $0.encoded(), as: UTF8.self) }.joined(separator: ",")
    }

    /// The workspace is there, its Hub is set up, and people join it.
    private func night(_ facts: inout Facts) async throws {
        try await fail(DayFaults.night)
        say("night: the workspace is provisioned, and its Hub after \(settings.fullDelayMilliseconds / 1_000) s")
        facts.provisionedMilliseconds = now()
        facts.fullJob = try await workspaceEvent("provisioned", times: 3)
        try await finish(facts.fullJob, "the Hub to be set up")
        try await fail(DayFaults.dawn)
        for email in DayPlan.newcomers { try await addMember(email) }
        facts.membersMilliseconds = now()
        facts.membersJob = try await workspaceEvent("member_added", times: DayPlan.newcomers.count)
        try await finish(facts.membersJob, "the members to be brought to the Hub")
        try await finish(try await job(#"{"kind":"tips.bootstrap_fields","args":{}}"#), "the fields to be made")
    }

    /// Posts an event as often as it happens while its job waits; the one job that all of them make.
    private func workspaceEvent(_ action: String, times: Int) async throws -> String {
        let events = (0..<times).map { number in
            #"{"id":"\#(plan.name)-\#(action)-\#(number)","type":"workspace.\#(action)","domain_name":"\#(DayPlan.account)","workspace_id":"\#(DayPlan.workspaceID)"}"#
        }
        let jobs = Set(try await connection.post(events))
        guard jobs.count == 1, let job = jobs.first else {
            throw DayFailure(description: "\(times) events workspace.\(action) made \(jobs.count) jobs, not one")
        }
        return job
    }

    /// What Twenty has of people when the day begins.
    private func seedPeople() async throws {
        let members = try await DayReader.workspace(connection)["workspaceMembers"]?.array ?? []
        let keeper = members.compactMap(\.object).first { $0["userEmail"]?.string == DayPlan.keeper.email }
        let member = keeper?["id"]?.string ?? ""
        let people = plan.contacts.filter { $0.origin != .nobody }.map { contact in
            let actor =
                contact.origin == .system
                ? #"{"source":"API","workspaceMemberId":null,"name":"Import"}"#
                : #"{"source":"MANUAL","workspaceMemberId":"\#(member)","name":"Ann"}"#
            return
                #"{"id":"\#(contact.id)","name":{"firstName":"\#(contact.firstName)","lastName":"\#(contact.lastName)"},"emails":{"primaryEmail":"\#(contact.email)"},"phones":{"primaryPhoneNumber":"\#(contact.phone)"},"createdBy":\#(actor),"createdAt":"\#(Self.longAgo)","updatedAt":"\#(Self.longAgo)"}"#
        }
        try await connection.setState(
            .twenty, #"{"workspaces":[{"people":[\#(people.joined(separator: ","))]}]}"#)
    }

    private func addMember(_ email: String) async throws {
        _ = try await connection.call(
            .provisioning, .post, "/auth/provision/user",
            #"{"workspaceId":"\#(DayPlan.workspaceID)","email":"\#(email)"}"#, token: settings.provisioningSecret)
    }

    private func fail(_ faults: (PeerName) -> [String]) async throws {
        guard isFailing else { return }
        for peer in PeerName.allCases {
            let list = faults(peer)
            guard !list.isEmpty else { continue }
            _ = try await connection.call(
                peer, .put, "/_peer/faults", #"{"faults":[\#(list.joined(separator: ","))]}"#)
        }
    }

    /// Posts a job; its id.
    func job(_ body: String) async throws -> String {
        try await connection.ask(.post, "/v1/jobs", body)["id"]?.string ?? ""
    }

    /// Has the changes looked for that Twenty did not tell of. The first time says only from when on.
    func reconcile() async throws {
        let run = try await connection.ask(.post, "/v1/schedules/twenty.reconcile/run")
        try await finish(run["id"]?.string ?? "", "what Twenty did not tell to be found")
    }

    /// Waits for the end of a job, which has to be a good one.
    func finish(_ job: String, _ purpose: String) async throws {
        try await wait(purpose) {
            let state = try await connection.ask(.get, "/v1/jobs/\(job)")
            guard state["state"]?.string != "dead" else {
                throw DayFailure(description: "\(purpose): job \(job) is dead: \(state["last_error"]?.string ?? "")")
            }
            return state["state"]?.string == "done"
        }
    }

    /// Asks again and again, a few times a second.
    func wait(_ purpose: String, _ isSo: () async throws -> Bool) async throws {
        let began = ContinuousClock.now
        while try await !isSo() {
            guard ContinuousClock.now - began < Self.stepLimit else {
                throw DayFailure(description: "waited \(Self.stepLimit) for \(purpose)")
            }
            try await Task.sleep(for: .milliseconds(100))
        }
    }

    func now() -> Int64 { SystemWallClock().nowMilliseconds() }
}
