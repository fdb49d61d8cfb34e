import CPostgres

/// Owns one libpq result and frees it.
@safe struct PQResult: ~Copyable {
    enum Status { case rows, done, copying, failed }

    private let handle: OpaquePointer
    private let isOwned: Bool

    init(owning handle: OpaquePointer) {
        unsafe self.handle = unsafe handle
        isOwned = true
    }

    private init(borrowing handle: OpaquePointer) {
        unsafe self.handle = unsafe handle
        isOwned = false
    }

    deinit {
        if isOwned { unsafe PQclear(handle) }
    }

    /// Looks at a result that libpq keeps, such as a notice during its callback.
    @unsafe static func withBorrowed<Value>(_ handle: OpaquePointer, _ body: (borrowing PQResult) -> Value) -> Value {
        body(unsafe PQResult(borrowing: handle))
    }

    var status: Status {
        switch unsafe PQresultStatus(handle) {
        case PGRES_TUPLES_OK, PGRES_SINGLE_TUPLE: .rows
        case PGRES_COMMAND_OK, PGRES_EMPTY_QUERY: .done
        case PGRES_COPY_IN, PGRES_COPY_OUT, PGRES_COPY_BOTH: .copying
        default: .failed
        }
    }

    var rowCount: Int { unsafe Int(PQntuples(handle)) }
    var columnCount: Int { unsafe Int(PQnfields(handle)) }
    var memorySize: Int { unsafe PQresultMemorySize(handle) }

    /// Such as `INSERT 0 1`.
    var commandTag: String { unsafe PQcmdStatus(handle).map { unsafe String(cString: $0) } ?? "" }
    /// Rows inserted, updated, deleted or selected; 0 for other commands.
    var affectedRows: Int { unsafe PQcmdTuples(handle).flatMap { unsafe Int(String(cString: $0)) } ?? 0 }

    func columnName(_ column: Int) -> String {
        unsafe PQfname(handle, Int32(column)).map { unsafe String(cString: $0) } ?? ""
    }

    func columnType(_ column: Int) -> UInt32 { unsafe PQftype(handle, Int32(column)) }

    /// Appends the cell's text to the bytes; `false` for NULL.
    func appendCell(row: Int, column: Int, to bytes: inout [UInt8]) -> Bool {
        if unsafe PQgetisnull(handle, Int32(row), Int32(column)) != 0 { return false }
        let length = unsafe Int(PQgetlength(handle, Int32(row), Int32(column)))
        if let value = unsafe PQgetvalue(handle, Int32(row), Int32(column)) {
            unsafe bytes.append(contentsOf: UnsafeRawBufferPointer(start: value, count: length))
        }
        return true
    }

    /// The server's error without its DETAIL, which may quote stored values.
    var failure: PostgresError {
        let sqlState = field(cpostgres_field_sqlstate)
        let isFatal = Self.fatalSeverities.contains(field(cpostgres_field_severity_nonlocalized) ?? "")
        let isStalePlan =
            sqlState == SQLState.featureNotSupported
            && field(cpostgres_field_source_function) == "RevalidateCachedQuery"
        let libraryMessage = unsafe PQresultErrorMessage(handle).map { unsafe String(cString: $0) } ?? ""
        let isLost = isFatal || sqlState == nil
        return PostgresError(
            isLost ? .connectionLost : .server,
            field(cpostgres_field_message_primary) ?? libraryMessage.firstLine,
            sqlState: sqlState,
            constraint: field(cpostgres_field_constraint_name),
            isOutcomeUnknown: isLost,
            isStaleStatement: isStalePlan || sqlState == SQLState.statementMissing,
        )
    }

    /// Whether this is a notice by which the server takes its leave.
    var isFarewell: Bool { Self.fatalSeverities.contains(field(cpostgres_field_severity_nonlocalized) ?? "") }

    /// `WARNING: there is no transaction in progress`, for instance.
    var noticeText: String {
        "\(field(cpostgres_field_severity) ?? "NOTICE"): \(field(cpostgres_field_message_primary) ?? "")"
    }

    private static let fatalSeverities: Set<String> = ["FATAL", "PANIC"]

    private func field(_ code: Int32) -> String? {
        unsafe PQresultErrorField(handle, code).map { unsafe String(cString: $0) }
    }

}

extension String {
    var firstLine: String { split(whereSeparator: \.isNewline).first.map(String.init) ?? self }
}
