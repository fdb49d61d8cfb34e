/// Which statements one connection has prepared, and with which parameter types. Pure.
///
/// A statement is prepared with the types of the first values it meets. NULL fits every type. When later values have
/// other types (the first call passed NULL where the next passes an integer), another variant is prepared with what is
/// then known, so a statement settles after a call or two.
struct PreparedStatements {
    /// More than a program writes by hand; reached only by names made at run time.
    static let maximumCount = 1000

    struct Variant: Equatable {
        let serverName: String
        let types: [UInt32]
    }

    enum Lookup: Equatable {
        /// Execute this.
        case prepared(Variant)
        /// Prepare this, ``insert(_:for:)`` it, then execute it.
        case unprepared(Variant)
        /// The name already goes with another text.
        case conflict
    }

    private struct Entry {
        let sql: String
        var variants: [Variant] = []
    }

    private var entries: [String: Entry] = [:]
    private var variantCount = 0
    private var renewals = 0

    var isFull: Bool { variantCount >= Self.maximumCount }

    /// - Parameter types: those of the values at hand; `nil` for NULL.
    func lookup(_ statement: PostgresStatement, types: [UInt32?]) -> Lookup {
        guard let entry = entries[statement.name] else {
            let known = types.map { $0 ?? TypeID.unknown }
            return .unprepared(Variant(serverName: serverName(statement, number: 0), types: known))
        }
        guard entry.sql == statement.sql else { return .conflict }
        if let variant = entry.variants.first(where: { Self.fits($0.types, types) }) { return .prepared(variant) }
        let last = entry.variants.last?.types ?? []
        let merged = types.enumerated().map { index, type in
            type ?? (last.indices.contains(index) ? last[index] : TypeID.unknown)
        }
        return .unprepared(Variant(serverName: serverName(statement, number: entry.variants.count), types: merged))
    }

    mutating func insert(_ variant: Variant, for statement: PostgresStatement) {
        entries[statement.name, default: Entry(sql: statement.sql)].variants.append(variant)
        variantCount += 1
    }

    /// Forgets the statement and returns the names that may still exist on the server. Names made from now on differ.
    mutating func remove(_ statement: PostgresStatement) -> [String] {
        let names = entries.removeValue(forKey: statement.name)?.variants.map(\.serverName) ?? []
        variantCount -= names.count
        renewals += 1
        return names
    }

    mutating func removeAll() {
        entries.removeAll()
        variantCount = 0
    }

    private func serverName(_ statement: PostgresStatement, number: Int) -> String {
        if number == 0, renewals == 0 { return statement.name }
        return "\(statement.name)#\(renewals).\(number)"
    }

    private static func fits(_ prepared: [UInt32], _ wanted: [UInt32?]) -> Bool {
        prepared.count == wanted.count && zip(prepared, wanted).allSatisfy { $1 == nil || $0 == $1 }
    }
}
