import Testing

@testable import Postgres

@Suite(.timeLimit(.minutes(1)))
struct PreparedStatementsTests {
    private let statement = PostgresStatement("find", "SELECT $1, $2")

    @Test
    func reusesWhatFits() {
        var statements = PreparedStatements()
        let first = PreparedStatements.Variant(serverName: "find", types: [20, 0])
        #expect(statements.lookup(statement, types: [20, nil]) == .unprepared(first))
        statements.insert(first, for: statement)
        #expect(statements.lookup(statement, types: [20, 0]) == .prepared(first))
        #expect(statements.lookup(statement, types: [nil, nil]) == .prepared(first))
    }

    @Test
    func preparesAgainWithWhatItLearned() {
        var statements = PreparedStatements()
        statements.insert(.init(serverName: "find", types: [0, 16]), for: statement)
        // An integer does not fit the type that was inferred for NULL; the boolean is still known.
        let second = PreparedStatements.Variant(serverName: "find#0.1", types: [20, 16])
        #expect(statements.lookup(statement, types: [20, nil]) == .unprepared(second))
        statements.insert(second, for: statement)
        #expect(statements.lookup(statement, types: [20, 16]) == .prepared(second))
        // A text must not be read as the integer that was named.
        #expect(statements.lookup(statement, types: [0, 16]) == .prepared(.init(serverName: "find", types: [0, 16])))
    }

    @Test
    func neverReusesANameAfterRemoval() {
        var statements = PreparedStatements()
        statements.insert(.init(serverName: "find", types: []), for: statement)
        #expect(statements.remove(statement) == ["find"])
        #expect(statements.remove(statement) == [])
        let renewed = PreparedStatements.Variant(serverName: "find#2.0", types: [])
        #expect(statements.lookup(statement, types: []) == .unprepared(renewed))
    }

    @Test
    func noticesAnotherText() {
        var statements = PreparedStatements()
        statements.insert(.init(serverName: "find", types: []), for: statement)
        #expect(statements.lookup(PostgresStatement("find", "SELECT 2"), types: []) == .conflict)
    }

    @Test
    func countsUpToItsLimit() {
        var statements = PreparedStatements()
        for number in 0..<PreparedStatements.maximumCount {
            #expect(!statements.isFull)
            statements.insert(.init(serverName: "\(number)", types: []), for: PostgresStatement("\(number)", ""))
        }
        #expect(statements.isFull)
        statements.removeAll()
        #expect(!statements.isFull)
    }
}
