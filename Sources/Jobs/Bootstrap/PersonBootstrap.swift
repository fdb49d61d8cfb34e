// Every step may be done again: a person is looked for before one is made, and one that is made has an id that follows from who
// it is, so that two calls at once, or one that is tried again, make one person.

import Basics

/// Finds or makes the Twenty person of a call.
struct PersonBootstrap: Sendable {
    let client: TwentyClient
    let workspaceID: String

    /// Ids that are tried in turn for a person whose own one is in the trash.
    private static let maximumIDs = 3

    /// The person, oldest first where several have the number; made where there is none; made its owner's where it is
    /// nobody's.
    ///
    /// - Parameter ownership: asked only when it is needed.
    func person(
        _ contact: CallContact, ownership: () async -> OwnershipContext?
    ) async throws(TwentyError) -> TwentyRecord {
        if let found = try await find(contact) { return try await attribute(found, ownership) }
        let context = await ownership()
        for number in 0..<Self.maximumIDs {
            do throws(TwentyError) {
                return try await client.ensure(
                    .people, id: id(contact, number), contact.person(context).fields(id: nil)
                )
                .record
            } catch {
                guard error.code == .duplicate else { throw error }
                // Somebody made one meanwhile; or the id is in the trash.
                if let found = try await find(contact) { return try await attribute(found, { context }) }
            }
        }
        throw TwentyError(.operationFailed, "the person was put into the trash again and again")
    }

    private func find(_ contact: CallContact) async throws(TwentyError) -> TwentyRecord? {
        if let phone = contact.phone, let found = try await client.people(phone: phone).first { return found }
        guard let email = contact.email else { return nil }
        return try await client.person(email: email)
    }

    private func attribute(
        _ person: TwentyRecord, _ ownership: () async -> OwnershipContext?
    ) async throws(TwentyError) -> TwentyRecord {
        guard OwnershipContext.isUnattributed(person), let context = await ownership() else { return person }
        let fields = JSONObject(members: [.init(key: "createdBy", value: context.actor.value)] + context.scope.members)
        return try await client.patch(.people, id: person.id, fields)
    }

    private func id(_ contact: CallContact, _ number: Int) -> String {
        NameBasedID("person:call:\(workspaceID):\(contact.identity)" + (number == 0 ? "" : ":\(number)")).text
    }
}
