import Testing

@testable import Postgres

@Suite(.timeLimit(.minutes(1)))
struct PostgresConfigurationTests {
    @Test(arguments: [
        "postgresql://me:hunter2@db.example:5433/jobs?sslmode=require",
        "postgresql://me:h%75nter2@db.example:5433/jobs",
        "host=db.example port=5433 dbname=jobs user=me password=hunter2",
    ])
    func showsEverythingButThePassword(url: String) throws {
        let configuration = try PostgresConfiguration(url: url)
        var dumped = ""
        dump(configuration, to: &dumped)
        for shown in [configuration.description, String(reflecting: configuration), "\(configuration)", dumped] {
            #expect(!shown.contains("hunter2") && !shown.contains("h%75nter2"))
            #expect(shown.contains("db.example") && shown.contains("5433") && shown.contains("jobs"))
        }
    }

    @Test(arguments: [
        "postgresql://me:hunter2%zz@h/d", "host=h password='hunter2", "host=h hunter2",
        "postgresql://me:hunter2@[::1/d",
        "postgresql://h/d?hunter2", "nonsense=hunter2", "postgresql://h/\0hunter2", "postgresql://h/d?x=hunter2",
    ])
    func refusesWhatLibpqCannotReadWithoutQuotingIt(url: String) {
        #expect {
            try PostgresConfiguration(url: url)
        } throws: { error in
            let error = error as? PostgresError
            return error?.code == .invalidConfiguration && !"\(error!)".contains("hunter2") && !error!.isRetriable
        }
    }

    @Test
    func takesOverWhatTheStringSays() throws {
        let said = try PostgresConfiguration(url: "postgresql:///d?application_name=me&connect_timeout=7")
        #expect(said.applicationName == "me" && said.connectTimeout == .seconds(7))
        let unsaid = try PostgresConfiguration(url: "postgresql:///d")
        #expect(!unsaid.applicationName.isEmpty && unsaid.connectTimeout == .seconds(5))
        #expect(unsaid.statementTimeout == .seconds(30))
    }

    @Test(arguments: [
        ("postgresql://me:hunter2@db.example/jobs", ["db.example:5432"]),
        ("postgresql://db.example:5433/jobs", ["db.example:5433"]),
        ("postgresql://a.example:1,b.example:2/jobs", ["a.example:1", "b.example:2"]),
        ("host=a.example,b.example port=7 dbname=jobs", ["a.example:7", "b.example:7"]),
        ("host=a.example hostaddr=10.0.0.7 dbname=jobs", ["10.0.0.7:5432"]),
        ("host=/run/postgresql dbname=jobs", []), ("host=/run/postgresql,a.example port=7,8", ["a.example:8"]),
        ("postgresql://[fd00::7]:7/jobs", ["fd00::7:7"]),
    ])
    func namesItsServers(url: String, servers: [String]) throws {
        #expect(try PostgresConfiguration(url: url).servers.map { "\($0.host):\($0.port)" } == servers)
    }

    @Test
    func scrubsEverySecret() {
        let secrets = Secrets(["pass", "password!", ""]).adding("x\"y").adding(nil)
        #expect(secrets.scrub("password! pass x\"y passpass é") == "*** *** *** ****** é")
        #expect(Secrets([]).scrub("plain") == "plain")
    }

    @Test(arguments: [
        (PostgresError.Code.server, String?("40001"), true), (.server, "40P01", true), (.server, "53300", true),
        (.server, "55P03", true), (.server, "57P01", true), (.server, "57P03", true), (.server, "08006", true),
        (.server, "23505", false), (.server, "57014", false), (.timedOut, "57014", false), (.timedOut, nil, true),
        (.overloaded, nil, true), (.connectionLost, "57P01", true), (.connectionLost, nil, true),
        (.connectFailed, nil, true), (.connectFailed, "53300", true), (.connectFailed, "28P01", false),
        (.connectFailed, "3D000", false), (.cancelled, nil, false), (.closed, nil, false), (.misuse, nil, false),
        (.unexpectedResult, nil, false), (.invalidConfiguration, nil, false),
    ])
    func tellsWhatMayBeRetried(code: PostgresError.Code, sqlState: String?, isRetriable: Bool) {
        #expect(PostgresError(code, "", sqlState: sqlState).isRetriable == isRetriable)
    }
}
