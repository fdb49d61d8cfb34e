extension DayPlan {
    /// What must be there at the end of the day, whatever failed during it.
    var expected: DayState {
        var state = DayState()
        addHub(&state)
        addMembers(&state)
        for contact in contacts { addContact(contact, &state) }
        for agent in agents { addClients(of: agent, &state) }
        for contact in engaged {
            state.add(
                .engagements, DayLine.engagement(contact.phone, "completed", "Answered", history: 2, transcript: 1))
        }
        state.add(.pushes, DayLine.pushesInBound)
        return state
    }

    private func addHub(_ state: inout DayState) {
        let users = Self.users.map(\.email) + Self.newcomers
        state.add(.hub, "\(Self.account) is connected")
        for user in users { state.add(.hub, "user \(user)") }
        for action in ["full", "sync_members"] {
            state.add(.hub, "\(action) once")
            state.add(.hub, "\(action) after its delay")
        }
    }

    private func addMembers(_ state: inout DayState) {
        for email in Self.users.map(\.email) + Self.newcomers {
            state.add(.members, DayLine.member(email, role: "Member", agent: nil, isHub: false))
        }
        for agent in agents {
            // TIPS gives every other one the Hub.
            let isHub = !agent.isMultiple(of: 2)
            state.add(
                .members,
                DayLine.member(
                    Self.agentEmail(agent), role: isHub ? "Member (Aventora Hub)" : "Member", agent: "\(agent)",
                    isHub: isHub))
        }
    }

    private func addContact(_ contact: DayContact, _ state: inout DayState) {
        let isKept = contact.origin == .member
        state.add(
            .people,
            DayLine.person(
                contact.phone, contact.email, "\(contact.firstName) \(contact.lastName)",
                owner: isKept ? Self.keeper.email : contact.user.email,
                number: isKept ? nil : "\(contact.user.number)", client: contact.client?.id,
                agent: contact.client.map { "\($0.agent)" }))
        if contact.origin == .nobody { state.add(.subscription, "person.created \(contact.phone)") }
        for half in 0...1 {
            let call = call(contact, half: half)
            state.add(
                .calls,
                DayLine.call(
                    call, "completed", "Booked", history: size.updates, transcript: size.transcripts,
                    person: contact.phone))
            state.add(.subscription, "engagement.created \(call)")
            state.add(.subscription, "call.completed \(call)")
            state.add(.replay, "\(call) once more")
        }
    }

    private func addClients(of agent: Int, _ state: inout DayState) {
        let known = Set(contacts.compactMap(\.client))
        for place in 0..<size.clients {
            let client = DayClient(agent: agent, place: place)
            guard !known.contains(client) else { continue }
            state.add(
                .people,
                DayLine.person(
                    nil, "client\(client.id)@tips.test", "Client Of\(agent)No\(place)", owner: Self.agentEmail(agent),
                    number: nil, client: client.id, agent: "\(agent)"))
            state.add(.subscription, "person.created client \(client.id)")
        }
    }
}

extension DaySize {
    /// Something is said with every fifth change.
    var transcripts: Int { updates / 5 }
}

/// The words of ``DayState``.
enum DayLine {
    static let pushesInBound = "no more than calls x (1 + longest call / longest wait) + status events"

    static func member(_ email: String, role: String, agent: String?, isHub: Bool) -> String {
        "\(email), \(role), agent \(agent ?? "-"), hub \(isHub)"
    }

    /// - Parameter phone: of a contact; TIPS's own numbers are not looked at.
    static func person(
        _ phone: String?, _ email: String, _ name: String, owner: String, number: String?, client: String?,
        agent: String?
    ) -> String {
        "\(name), \(phone ?? "a number"), \(email), of \(owner), number \(number ?? "-"), client \(client ?? "-") of \(agent ?? "-")"
    }

    static func call(
        _ call: String, _ status: String, _ outcome: String, history: Int, transcript: Int, person: String
    ) -> String {
        engagement(call, status, outcome, history: history, transcript: transcript) + ", person \(person)"
    }

    /// - Parameter name: of the call, or whom it is with.
    static func engagement(
        _ name: String, _ status: String, _ outcome: String, history: Int, transcript: Int
    ) -> String {
        "\(name): \(status), \(outcome), history \(history), transcript \(transcript)"
    }
}
