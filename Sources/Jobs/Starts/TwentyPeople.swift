import Basics
public import Logging
public import Postgres
import Queue

/// Looks people up in Twenty, while record sync says where that is; else they are as the request describes them.
public struct TwentyPeople: PersonDirectory {
    private let directory: RecordSyncDirectory
    private let connector: TwentyConnector

    /// - Parameter directory: says which Twenty, and whether it is switched on.
    public init(directory: RecordSyncDirectory, connector: TwentyConnector) {
        (self.directory, self.connector) = (directory, connector)
    }

    /// People of the Twenty that record sync is set to.
    public init(
        _ configuration: EngagementConfiguration, pool: PostgresPool, keyring: SecretsKeyring,
        connector: TwentyConnector, logger: Logger
    ) {
        self.init(
            directory: RecordSyncDirectory(
                store: RecordSyncStore(pool: pool), variables: configuration.people, keyring: keyring,
                clock: SystemMonotonicClock(), logger: logger),
            connector: connector)
    }

    /// The person as Twenty has it. What the request says counts only where it forbids: somebody who may know better does
    /// not want the person contacted.
    public func person(
        _ id: String, workspaceID: String?, given: EngagementPerson?
    ) async throws(PersonLookupFailure) -> EngagementPerson? {
        guard let client = try await client() else {
            return try await GivenPeople().person(id, workspaceID: workspaceID, given: given)
        }
        // Twenty's ids are UUIDs; it takes another one for a fault of the request.
        guard NameBasedID(id) != nil else { return nil }
        let record: TwentyRecord?
        do throws(TwentyError) { record = try await client.find(.people, id: id) } catch {
            throw PersonLookupFailure(error.description, outcome: error.outcome)
        }
        guard let record else { return nil }
        var fields = FieldReader(record.fields)
        var person = EngagementPerson(&fields) ?? EngagementPerson(phones: [], emails: [])
        if given?.doNotContact == true { person.doNotContact = true }
        return person
    }

    /// Nil while record sync is switched off.
    private func client() async throws(PersonLookupFailure) -> TwentyClient? {
        do throws(TwentyError) {
            let settings = try await directory.settings()
            guard settings.isEnabled, settings.mode != .disabled else { return nil }
            return try connector.client(settings)
        } catch {
            throw PersonLookupFailure(error.description, outcome: error.outcome)
        }
    }
}
