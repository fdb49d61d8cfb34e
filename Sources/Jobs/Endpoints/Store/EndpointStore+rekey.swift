// Re-keying reads a part of what other keys sealed, seals it anew, and writes each back only if it is still what was
// read: a secret that was rotated meanwhile is sealed with the newest key already.

import Postgres

extension EndpointStore {
    /// What came of re-keying.
    public struct Rekeying: Sendable, Hashable {
        /// Secrets and extras that are sealed with the newest key now, and were not before.
        public var moved = 0
        /// Endpoints with something that no key opens, each once.
        public var unreadable: [String] = []
    }

    private static let rowsPerRead: Int64 = 200

    /// Seals with the newest key everything that another one sealed. Running it again, or twice at a time, is harmless.
    ///
    /// - Throws: `storage`; ``SecretsError`` without a key. What was moved by then stays moved.
    public func rekey(_ keyring: SecretsKeyring) async throws -> Rekeying {
        guard let newest = keyring.newestKeyID else { throw SecretsError(.noKey, "SECRETS_KEY is not set") }
        var result = Rekeying()
        for (select, update) in [(Self.selectSecrets, Self.moveSecret), (Self.selectExtras, Self.moveExtras)] {
            var position = ""
            while true {
                let rows = try await querying(select, [.text(newest), .text(position), .integer(Self.rowsPerRead)])
                for row in rows {
                    position = try row.string("place")
                    let id = try row.string("endpoint_id")
                    let old = SealedSecret(keyID: try row.string("key_id"), bytes: try row.bytes("sealed"))
                    guard let new = Self.resealed(old, of: id, keyring) else {
                        if !result.unreadable.contains(id) { result.unreadable.append(id) }
                        continue
                    }
                    let values: [PostgresValue] = [
                        .text(position), .text(new.keyID), .bytes(new.bytes), .bytes(old.bytes),
                    ]
                    result.moved += try await querying(update, values).count
                }
                if rows.count < Int(Self.rowsPerRead) { break }
            }
        }
        return result
    }

    private static func resealed(_ old: SealedSecret, of id: String, _ keyring: SecretsKeyring) -> SealedSecret? {
        do throws(SecretsError) { return try keyring.seal(try keyring.open(old, of: id), of: id) } catch { return nil }
    }

    private func querying(
        _ statement: PostgresStatement, _ values: [PostgresValue]
    ) async throws(JobsError) -> PostgresRows {
        do {
            return try await pool.query(statement, values)
        } catch {
            throw JobsError.wrap(error, "Secrets could not be re-keyed")
        }
    }

    // A place is the number with its zeros, so that places sort as numbers do.
    private static let selectSecrets = PostgresStatement(
        "endpoint_rekey_secrets",
        """
        SELECT lpad(number::text, 20, '0') AS place, endpoint_id, key_id, sealed FROM jobs.endpoint_secrets
        WHERE key_id <> $1 AND lpad(number::text, 20, '0') > $2 ORDER BY 1 LIMIT $3
        """)
    private static let moveSecret = PostgresStatement(
        "endpoint_rekey_secret",
        """
        UPDATE jobs.endpoint_secrets SET key_id = $2, sealed = $3 WHERE number = $1::text::bigint AND sealed = $4
        RETURNING 1
        """)
    private static let selectExtras = PostgresStatement(
        "endpoint_rekey_extras",
        """
        SELECT id AS place, id AS endpoint_id, extras_key_id AS key_id, extras_sealed AS sealed FROM jobs.endpoints
        WHERE extras_key_id <> $1 AND id > $2 ORDER BY id LIMIT $3
        """)
    private static let moveExtras = PostgresStatement(
        "endpoint_rekey_extra",
        """
        UPDATE jobs.endpoints SET extras_key_id = $2, extras_sealed = $3 WHERE id = $1 AND extras_sealed = $4
        RETURNING 1
        """)
}
