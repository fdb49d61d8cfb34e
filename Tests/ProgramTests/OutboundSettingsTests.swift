import Guard
import Program
import Testing

/// The variables that make the guard.
@Suite(.timeLimit(.minutes(1)))
struct OutboundSettingsTests {
    private func rules(_ environment: [String: String]) throws -> AddressGuard {
        try OutboundSettings.addressGuard(Settings(environment: environment))
    }

    private func code(_ environment: [String: String], _ host: String, _ port: UInt16) throws -> String? {
        try rules(environment).verdict(of: try TargetHost(host), port: port)?.refusal?.code
    }

    @Test func nothingIsOpenWithoutTheVariable() throws {
        #expect(try rules([:]).rows.isEmpty)
        #expect(try code([:], "127.0.0.1", 9_000) == "loopback")
        #expect(try code(["OUTBOUND_ALLOW": ""], "10.0.0.1", 80) == "private_network")
        #expect(try code([:], "8.8.8.8", 443) == nil)
    }

    @Test func itemsByCommasAndLines() throws {
        let rows = try rules(["OUTBOUND_ALLOW": " 10.0.0.0/8, hub.lan:8080 ,\n127.0.0.1:9000,,[::1]:9000 "]).rows
        #expect(rows.map(\.description) == ["10.0.0.0/8", "hub.lan:8080", "127.0.0.1:9000", "[::1]:9000"])
    }

    @Test(arguments: [
        (
            "127.0.0.0/8",
            "OUTBOUND_ALLOW=127.0.0.0/8: loopback is opened only by naming the address itself, like 127.0.0.1"
        ),
        (
            "10.0.0.0/8,169.254.169.254",
            "OUTBOUND_ALLOW=169.254.169.254: it is a cloud's metadata service, which nothing opens"
        ),
        (
            "http://hub.lan",
            "OUTBOUND_ALLOW=http://hub.lan: expected a host, host:port, or a block of addresses like 10.0.0.0/8"
        ),
        ("hub.lan:99999", "OUTBOUND_ALLOW=hub.lan:99999: a port is a number from 1 to 65535"),
    ])
    func aBadItemIsNamed(_ value: String, _ line: String) throws {
        let error = #expect(throws: ProgramError.self) { try rules(["OUTBOUND_ALLOW": value]) }
        #expect(error?.exitCode == .configuration)
        #expect(error?.message == line)
    }

    @Test func ownPlacesByTheirDefaults() throws {
        let open = ["OUTBOUND_ALLOW": "127.0.0.1"]
        #expect(try code(open, "127.0.0.1", 8_080) == "own_listener")
        #expect(try code(open, "127.0.0.1", 9_101) == "own_listener")
        #expect(try code(open, "127.0.0.1", 9_102) == "own_listener")
        #expect(try code(open, "127.0.0.1", 6_379) == "own_server")
        #expect(try code(open, "127.0.0.1", 9_000) == nil)
        #expect(try code(["OUTBOUND_ALLOW": "127.0.0.1:8080"], "127.0.0.1", 8_080) == nil)
        #expect(try code(["OUTBOUND_ALLOW": "127.0.0.1:6379"], "127.0.0.1", 6_379) == "own_server")
    }

    @Test func ownPlacesByTheirVariables() throws {
        var variables = [
            "OUTBOUND_ALLOW": "127.0.0.1,10.0.0.0/8", "API_LISTEN": "0.0.0.0:7000", "METRICS_LISTEN": "127.0.0.1:7001",
            "REDIS_URL": "redis://:secret@10.0.0.7:6400/0",
            "DATABASE_URL": "postgresql://user:secret@10.0.0.8:5400,10.0.0.9:5401/aventora",
        ]
        #expect(try code(variables, "127.0.0.1", 7_000) == "own_listener")
        #expect(try code(variables, "127.0.0.1", 7_001) == "own_listener")
        #expect(try code(variables, "127.0.0.1", 8_080) == nil)
        #expect(try code(variables, "10.0.0.7", 6_400) == "own_server")
        #expect(try code(variables, "10.0.0.8", 5_400) == "own_server")
        #expect(try code(variables, "10.0.0.9", 5_401) == "own_server")
        #expect(try code(variables, "10.0.0.9", 5_400) == nil)
        variables["REDIS_URL"] = "unix:///run/redis.sock"
        variables["DATABASE_URL"] = "postgresql:///aventora?host=/run/postgresql"
        variables["METRICS_LISTEN"] = "0"
        let places = try rules(variables).ownPlaces
        #expect(places.map(\.variable) == ["API_LISTEN"])
    }
}
