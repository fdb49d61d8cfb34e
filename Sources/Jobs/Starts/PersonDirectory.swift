public import Queue

/// Where people are looked up before they are engaged.
public protocol PersonDirectory: Sendable {
    /// A person of a workspace; nil when the CRM does not know it.
    ///
    /// - Parameter given: what the request itself said of the person.
    /// - Throws: when it cannot be known now.
    func person(
        _ id: String, workspaceID: String?, given: EngagementPerson?
    ) async throws(PersonLookupFailure) -> EngagementPerson?
}

/// A person could not be looked up.
public struct PersonLookupFailure: Error, Sendable, Hashable, CustomStringConvertible {
    /// For people; without secrets.
    public let description: String
    /// What becomes of a job that asked.
    public let outcome: JobOutcome

    /// - Parameter outcome: never done.
    public init(_ description: String, outcome: JobOutcome) {
        self.description = description
        self.outcome = outcome
    }

    /// What a call of a CRM failed with.
    public init(_ error: ServiceError) { self.init(error.description, outcome: error.outcome) }
}

/// Takes people as the request describes them: where no CRM can be asked.
public struct GivenPeople: PersonDirectory {
    /// A directory that knows nobody by itself.
    public init() {}

    /// What was given; a person of whom nothing was said has no contact.
    public func person(
        _ id: String, workspaceID: String?, given: EngagementPerson?
    ) async throws(PersonLookupFailure) -> EngagementPerson? {
        given ?? EngagementPerson(phones: [], emails: [])
    }
}
