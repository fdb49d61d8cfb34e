// Re-keying reads a part of what other keys sealed, seals it anew, and writes each back only if it is still what was
// read: a secret that was changed meanwhile is sealed with the newest key already.

public import Postgres

/// What came of sealing everything that is stored with the newest key.
public struct Rekeying: Sendable, Hashable {
    /// Secrets that are sealed with the newest key now, and were not before.
    public private(set) var moved = 0
    /// What holds something that no key opens, each once: an endpoint's id, or what it is and its id.
    public private(set) var unreadable: [String] = []

    private static let rowsPerRead: Int64 = 200

    /// Seals with the newest key everything that another one sealed: secrets and extras of endpoints, the key of record
    /// sync, keys of engagement workspaces, credentials of backfills under way. Running it again, or twice at a time, is
    /// harmless.
    ///
    /// - Throws: ``JobsError``; ``SecretsError`` without a key. What was moved by then stays moved.
    public static func run(_ keyring: SecretsKeyring, pool: PostgresPool) async throws -> Rekeying {
        guard let newest = keyring.newestKeyID else { throw SecretsError(.noKey, "SECRETS_KEY is not set") }
        var result = Rekeying()
        do {
            for place in SealedPlace.all { try await result.move(place, keyring, newest, pool) }
        } catch {
            throw JobsError.wrap(error, "Secrets could not be re-keyed")
        }
        return result
    }

    private mutating func move(
        _ place: SealedPlace, _ keyring: SecretsKeyring, _ newest: String, _ pool: PostgresPool
    ) async throws {
        var position = ""
        while true {
            let rows = try await pool.query(
                place.select, [.text(newest), .text(position), .integer(Self.rowsPerRead)])
            for row in rows {
                position = try row.string("place")
                let id = try row.string("id")
                let old = SealedSecret(keyID: try row.string("key_id"), bytes: try row.bytes("sealed"))
                guard let new = Self.resealed(old, of: place.owner(id), keyring) else {
                    if !unreadable.contains(place.name(id)) { unreadable.append(place.name(id)) }
                    continue
                }
                let values: [PostgresValue] = [
                    .text(position), .text(new.keyID), .bytes(new.bytes), .bytes(old.bytes),
                ]
                moved += try await pool.query(place.move, values).count
            }
            if rows.count < Int(Self.rowsPerRead) { return }
        }
    }

    private static func resealed(_ old: SealedSecret, of owner: String, _ keyring: SecretsKeyring) -> SealedSecret? {
        do throws(SecretsError) {
            return try keyring.seal(try keyring.open(old, of: owner), of: owner)
        } catch {
            return nil
        }
    }
}
