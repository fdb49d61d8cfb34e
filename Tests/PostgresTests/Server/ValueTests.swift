import Postgres
import Testing

@Suite(.timeLimit(.minutes(1)))
struct ValueTests {
    private static let megabyte = Array("{\"a\": \"\(String(repeating: "é", count: 524_288))\"}".utf8)
    private static let nasty = "a\"b'c\\d,{e}é🐘\n\t NULL $1 \u{FFFF} ; --"

    @Test(arguments: [
        "", " ", "plain", nasty, "NULL", "\\x00", "🇩🇪👩‍👩‍👧", String(repeating: "x", count: 1_000_000),
    ])
    func keepsText(text: String) async throws {
        let statement = PostgresStatement(
            "text", "SELECT $1::text AS v, octet_length($1::text) AS n, md5($1::text) AS h")
        let row = try await withPool { try await $0.query(statement, [.text(text)])[0] }
        #expect(try row.string("v") == text)
        #expect(try row.integer("n") == Int64(text.utf8.count))
    }

    @Test(arguments: [0, 1, -1, 42, Int64(Int32.max) + 1, .min, .max])
    func keepsIntegers(integer: Int64) async throws {
        let statement = PostgresStatement("integer", "SELECT $1 AS v, $1::text AS t, $1::numeric AS n")
        let row = try await withPool { try await $0.query(statement, [.integer(integer)])[0] }
        #expect(try row.integer("v") == integer)
        #expect(try row.string("t") == String(integer))
        #expect(try row.integer("n") == integer)
    }

    @Test(arguments: [
        0, -0.0, 1.5, -2.25, 0.1, 1e300, .leastNonzeroMagnitude, .greatestFiniteMagnitude, .infinity, -.infinity, .pi,
    ])
    func keepsDoubles(double: Double) async throws {
        let statement = PostgresStatement("double", "SELECT $1 AS v")
        let value = try await withPool { try await $0.query(statement, [.double(double)])[0].double("v") }
        #expect(value.bitPattern == double.bitPattern)
    }

    @Test(arguments: [[], [0], [0, 255, 92, 39], Array(0...255), Array(repeating: 7, count: 300_000)] as [[UInt8]])
    func keepsBytes(bytes: [UInt8]) async throws {
        let statement = PostgresStatement("bytes", "SELECT $1 AS v, length($1) AS n")
        let row = try await withPool { try await $0.query(statement, [.bytes(bytes)])[0] }
        #expect(try row.bytes("v") == bytes)
        #expect(try row.integer("n") == Int64(bytes.count))
    }

    @Test(
        arguments: ["{}", "[1, 2]", "null", "\"a\\u00e9\\\"\"", "{\"b\" : 1,\"b\": 2}"].map { Array($0.utf8) } + [
            megabyte
        ])
    func keepsJSON(json: [UInt8]) async throws {
        let statement = PostgresStatement("json", "SELECT $1::json AS v, $1::jsonb = $1::json::jsonb AS same")
        let row = try await withPool { try await $0.query(statement, [.json(json)])[0] }
        #expect(try row.json("v") == json)
        #expect(try row.boolean("same"))
    }

    @Test(arguments: [
        0, 1, -1, 946_684_800_000, 1_795_231_020_123, -62_135_596_800_000, -210_866_803_200_000, 9_224_318_015_999_999,
        253_402_300_800_000,
    ])
    func keepsInstants(milliseconds: Int64) async throws {
        let statement = PostgresStatement(
            "instant", "SELECT $1 AS v, floor(extract(epoch from $1) * 1000)::int8 AS e, $1 AT TIME ZONE 'UTC' AS p")
        let row = try await withPool { try await $0.query(statement, [.instant(milliseconds: milliseconds)])[0] }
        #expect(try row.instantMilliseconds("v") == milliseconds)
        #expect(try row.integer("e") == milliseconds)
        #expect(try row.instantMilliseconds("p") == milliseconds)
    }

    @Test
    func roundsMicrosecondsDown() async throws {
        let statement = PostgresStatement(
            "micro",
            "SELECT '2026-11-21 03:17:00.123999+00'::timestamptz AS a, '1969-12-31 23:59:59.999999Z'::timestamptz AS b")
        let row = try await withPool { try await $0.query(statement)[0] }
        #expect(try row.instantMilliseconds("a") == 1_795_231_020_123)
        #expect(try row.instantMilliseconds("b") == -1)
    }

    @Test
    func readsInstantsInAnyZone() async throws {
        try await withPool { pool async throws in
            try await pool.execute("SET TIME ZONE 'Asia/Kolkata'")
            let statement = PostgresStatement("zone", "SELECT $1 AS v")
            let row = try await pool.query(statement, [.instant(milliseconds: 1_795_231_020_123)])[0]
            #expect(try row.instantMilliseconds("v") == 1_795_231_020_123)
        }
    }

    @Test(arguments: ["infinity", "-infinity"])
    func refusesInfiniteInstants(text: String) async throws {
        let statement = PostgresStatement("infinity", "SELECT $1::timestamptz AS v")
        let row = try await withPool { try await $0.query(statement, [.text(text)])[0] }
        #expect(try row.string("v") == text)
        let error = try await failure { try row.instantMilliseconds("v") }
        #expect(error.code == .unexpectedResult)
    }

    @Test(arguments: [
        PostgresStatement("b", "SELECT $1::bool AS v"), PostgresStatement("i", "SELECT $1::int8 AS v"),
        PostgresStatement("t", "SELECT $1::text AS v"), PostgresStatement("y", "SELECT $1::bytea AS v"),
        PostgresStatement("j", "SELECT $1::jsonb AS v"), PostgresStatement("z", "SELECT $1::timestamptz AS v"),
        PostgresStatement("d", "SELECT $1::float8 AS v"),
    ])
    func keepsNull(statement: PostgresStatement) async throws {
        let row = try await withPool { try await $0.query(statement, [.null])[0] }
        #expect(try row.isNull("v"))
        #expect(try row["v"].ifPresent == nil)
        #expect(try row.optionalString("v") == nil)
        let error = try await failure { try row.string("v") }
        #expect(error.code == .unexpectedResult && error.message.contains("NULL"))
    }

    @Test
    func keepsBooleans() async throws {
        let statement = PostgresStatement("boolean", "SELECT $1 AS a, $2 AS b")
        let row = try await withPool { try await $0.query(statement, [.boolean(true), .boolean(false)])[0] }
        #expect(try row.boolean("a") == true)
        #expect(try row.boolean("b") == false)
    }

    @Test
    func keepsArraysOfNastyTexts() async throws {
        let texts: [String?] = [
            Self.nasty, "", nil, "NULL", "null", "{", "}", "{}", ",", "\"", "\\", "\\\"", "'", "''", " ", "a b", "é",
            "🐘",
            "\u{1}", "\\N", nil,
        ]
        let statement = PostgresStatement("texts", "SELECT v FROM unnest($1) WITH ORDINALITY AS u(v, n) ORDER BY n")
        let rows = try await withPool { try await $0.query(statement, [.texts(texts)]) }
        #expect(try rows.map { try $0.optionalString("v") } == texts)
    }

    @Test
    func keepsArraysOfOtherTypes() async throws {
        let statement = PostgresStatement(
            "arrays",
            "SELECT i, t, j FROM unnest($1, $2, $3) WITH ORDINALITY AS u(i, t, j, n) ORDER BY n")
        let integers: [Int64?] = [.min, nil, .max, 0]
        let instants: [Int64?] = [nil, 0, -1, 1_795_231_020_123]
        let jsons: [[UInt8]?] = [Array("{\"a\": \"\\\"\"}".utf8), nil, Array("null".utf8), Array("[]".utf8)]
        let values: [PostgresValue] = [.integers(integers), .instants(instants), .jsons(jsons)]
        let rows = try await withPool { try await $0.query(statement, values) }
        #expect(try rows.map { try $0.optionalInteger("i") } == integers)
        #expect(try rows.map { try $0.optionalInstantMilliseconds("t") } == instants)
        #expect(try rows.map { try $0.optionalJSON("j") } == jsons)
    }

    @Test(arguments: [
        PostgresValue.texts([]), .integers([]), .instants([]), .jsons([]), .texts([nil]), .integers([nil, nil]),
    ])
    func keepsEmptyArrays(value: PostgresValue) async throws {
        let count: Int64 =
            switch value {
            case .texts(let elements): Int64(elements.count)
            case .integers(let elements): Int64(elements.count)
            default: 0
            }
        let statement = PostgresStatement("empty", "SELECT cardinality($1) AS n, count(*) AS c FROM unnest($1)")
        let row = try await withPool { try await $0.query(statement, [value])[0] }
        #expect(try row.integer("n") == count)
        #expect(try row.integer("c") == count)
    }

    @Test
    func insertsABatchOfAThousand() async throws {
        try await withPool { pool async throws in
            try await pool.execute("CREATE TEMP TABLE batch (id int8, name text, at timestamptz, data jsonb, u uuid)")
            let insert = PostgresStatement(
                "batch", "INSERT INTO batch SELECT * FROM unnest($1, $2, $3, $4::jsonb[], $5::uuid[])")
            let numbers = (0..<1000).map { Int64($0) }
            let inserted = try await pool.query(
                insert,
                [
                    .integers(numbers), .texts(numbers.map { "name '\($0)\" \\" }),
                    .instants(numbers.map { $0 * 1000 }),
                    .jsons(numbers.map { Array("{\"n\": \($0)}".utf8) }),
                    .texts(numbers.map { "00000000-0000-0000-0000-\(String(100_000_000_000 + $0))" }),
                ])
            #expect(inserted.affectedRows == 1000 && inserted.isEmpty && inserted.commandTag == "INSERT 0 1000")
            let all = PostgresStatement("all", "SELECT id, name, at, data->>'n' AS n, u FROM batch ORDER BY id")
            let rows = try await pool.query(all)
            #expect(rows.count == 1000 && rows.columns == ["id", "name", "at", "n", "u"])
            for (number, row) in zip(numbers, rows) {
                #expect(try row.integer("id") == number)
                #expect(try row.string("name") == "name '\(number)\" \\")
                #expect(try row[2].instantMilliseconds == number * 1000)
                #expect(try row.string("n") == String(number))
            }
        }
    }

    @Test
    func infersTypesOfTextsAndFitsSmallIntegers() async throws {
        try await withPool { pool async throws in
            try await pool.execute(
                "CREATE TYPE pg_temp.mood AS ENUM ('good', 'bad');"
                    + "CREATE TEMP TABLE mixed (u uuid, m mood, s int2, i int)"
            )
            let insert = PostgresStatement("insert", "INSERT INTO mixed VALUES ($1, $2, $3, $4) RETURNING *")
            let id = "0f8fad5b-d9cb-469f-a165-70867728950e"
            let values: [PostgresValue] = [.text(id), .text("bad"), .integer(-7), .integer(7)]
            let row = try await pool.query(insert, values)[0]
            #expect(try row.string("u") == id)
            #expect(try row.string("m") == "bad")
            #expect(try row.integer("s") == -7)
            let find = PostgresStatement(
                "find", "SELECT count(*) AS n FROM mixed WHERE u = $1 AND i = $2 AND s = ANY($3)")
            let found = try await pool.query(find, [.text(id), .integer(7), .integers([-7])])
            #expect(try found[0].integer("n") == 1)
        }
    }

    @Test
    func complainsAboutColumnsAndTypes() async throws {
        let statement = PostgresStatement(
            "mixed", "SELECT 'x' AS t, 1 AS i, 1.5 AS n, 9223372036854775808 AS big, 2 AS i")
        let row = try await withPool { try await $0.query(statement)[0] }
        #expect(try row.integer("i") == 1)
        #expect(try row[4].integer == 2)
        #expect(try row.double("n") == 1.5)
        let mistakes: [() throws -> Void] = [
            { _ = try row.string("missing") }, { _ = try row[5] }, { _ = try row[-1] }, { _ = try row.integer("t") },
            { _ = try row.boolean("i") }, { _ = try row.bytes("t") }, { _ = try row.json("i") },
            { _ = try row.integer("n") }, { _ = try row.integer("big") }, { _ = try row.instantMilliseconds("t") },
        ]
        for mistake in mistakes {
            let error = try await failure { try mistake() }
            #expect(error.code == .unexpectedResult)
        }
    }

    @Test
    func refusesNULBeforeSending() async throws {
        try await withPool { pool async throws in
            let echo = PostgresStatement("echo", "SELECT $1::text")
            for work in [
                { _ = try await pool.query(echo, [.text("a\0b")]) }, { try await pool.execute("SELECT 1\0; SELECT 2") },
            ] as [() async throws -> Void] {
                let error = try await failure { try await work() }
                #expect(error.code == .server && error.sqlState == "22021" && !error.isRetriable)
            }
            #expect(try await pool.query(echo, [.text("ok")])[0][0].string == "ok")
        }
    }
}
