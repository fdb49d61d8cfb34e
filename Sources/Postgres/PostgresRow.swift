/// One row of a result. Columns are found by name, or by number from 0.
///
/// Every accessor throws ``PostgresError/Code/unexpectedResult`` for a missing column, a type it does not read (see
/// ``PostgresCell``) and, unless it is an `optional...` one, for NULL.
public struct PostgresRow: Sendable {
    private let storage: RowStorage
    private let index: Int

    init(storage: RowStorage, index: Int) {
        self.storage = storage
        self.index = index
    }

    /// The cell of the column of that name; the first one when several have it.
    public subscript(_ column: String) -> PostgresCell {
        get throws(PostgresError) {
            guard let number = storage.column(named: column) else {
                throw PostgresError(.unexpectedResult, "the result has no column \(column)")
            }
            return try self[number]
        }
    }

    /// The cell of the column of that number, counted from 0.
    public subscript(_ column: Int) -> PostgresCell {
        get throws(PostgresError) {
            guard storage.columns.indices.contains(column) else {
                throw PostgresError(.unexpectedResult, "the result has no column number \(column)")
            }
            return PostgresCell(column: storage.columns[column], text: storage.text(row: index, column: column))
        }
    }

    /// Whether the value is NULL.
    public func isNull(_ column: String) throws(PostgresError) -> Bool { try self[column].isNull }
    /// See ``PostgresCell/string``.
    public func string(_ column: String) throws(PostgresError) -> String { try self[column].string }
    /// See ``PostgresCell/integer``.
    public func integer(_ column: String) throws(PostgresError) -> Int64 { try self[column].integer }
    /// See ``PostgresCell/boolean``.
    public func boolean(_ column: String) throws(PostgresError) -> Bool { try self[column].boolean }
    /// See ``PostgresCell/double``.
    public func double(_ column: String) throws(PostgresError) -> Double { try self[column].double }
    /// See ``PostgresCell/bytes``.
    public func bytes(_ column: String) throws(PostgresError) -> [UInt8] { try self[column].bytes }
    /// See ``PostgresCell/json``.
    public func json(_ column: String) throws(PostgresError) -> [UInt8] { try self[column].json }
    /// See ``PostgresCell/instantMilliseconds``.
    public func instantMilliseconds(_ column: String) throws(PostgresError) -> Int64 {
        try self[column].instantMilliseconds
    }

    /// ``string(_:)``, or `nil` for NULL.
    public func optionalString(_ column: String) throws(PostgresError) -> String? {
        try self[column].ifPresent?.string
    }
    /// ``integer(_:)``, or `nil` for NULL.
    public func optionalInteger(_ column: String) throws(PostgresError) -> Int64? {
        try self[column].ifPresent?.integer
    }
    /// ``boolean(_:)``, or `nil` for NULL.
    public func optionalBoolean(_ column: String) throws(PostgresError) -> Bool? {
        try self[column].ifPresent?.boolean
    }
    /// ``double(_:)``, or `nil` for NULL.
    public func optionalDouble(_ column: String) throws(PostgresError) -> Double? {
        try self[column].ifPresent?.double
    }
    /// ``bytes(_:)``, or `nil` for NULL.
    public func optionalBytes(_ column: String) throws(PostgresError) -> [UInt8]? {
        try self[column].ifPresent?.bytes
    }
    /// ``json(_:)``, or `nil` for NULL.
    public func optionalJSON(_ column: String) throws(PostgresError) -> [UInt8]? {
        try self[column].ifPresent?.json
    }
    /// ``instantMilliseconds(_:)``, or `nil` for NULL.
    public func optionalInstantMilliseconds(_ column: String) throws(PostgresError) -> Int64? {
        try self[column].ifPresent?.instantMilliseconds
    }
}
