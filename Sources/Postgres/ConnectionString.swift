import CPostgres

/// Reads connection strings as libpq does.
enum ConnectionString {
    /// The options that the string itself names, percent-decoded.
    static func parse(_ text: String) throws(PostgresError) -> [String: String] {
        var failure: UnsafeMutablePointer<CChar>?
        defer { unsafe PQfreemem(failure) }
        guard let parsed = unsafe PQconninfoParse(text, &failure) else {
            let reason = unsafe failure.map { unsafe String(cString: $0) } ?? "out of memory"
            throw PostgresError(.invalidConfiguration, "not a libpq connection string: \(withoutQuotation(reason))")
        }
        defer { unsafe PQconninfoFree(parsed) }
        return unsafe values(parsed)
    }

    /// What libpq uses where the string says nothing: environment, service file, built-in values.
    static func defaults() -> [String: String] {
        guard let found = unsafe PQconndefaults() else { return [:] }
        defer { unsafe PQconninfoFree(found) }
        return unsafe values(found)
    }

    @unsafe private static func values(_ first: UnsafeMutablePointer<PQconninfoOption>) -> [String: String] {
        var options: [String: String] = [:]
        var option = unsafe first
        while let keyword = unsafe option.pointee.keyword {
            if let value = unsafe option.pointee.val {
                unsafe options[String(cString: keyword)] = unsafe String(cString: value)
            }
            unsafe option += 1
        }
        return options
    }

    /// libpq quotes the piece it could not read, which may be or hold the password.
    private static func withoutQuotation(_ reason: String) -> String {
        let line = reason.split(separator: "\n").first.map(String.init) ?? ""
        guard let first = line.firstIndex(of: "\""), let last = line.lastIndex(of: "\""), first < last else {
            return line
        }
        return line[..<first] + "\"...\"" + line[line.index(after: last)...]
    }
}
