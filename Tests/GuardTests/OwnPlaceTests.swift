import Curl
import Guard
import Testing

/// Where the system itself listens and keeps its data.
@Suite(.timeLimit(.minutes(1)))
struct OwnPlaceTests {
    private func code(
        _ place: OwnPlace?, _ items: [String], _ text: String, _ port: UInt16, machine: [String] = []
    ) throws -> String? {
        let rules = AddressGuard(
            rows: try AllowList.rows(items), ownPlaces: [try #require(place)],
            machine: Set(machine.compactMap { IPAddress(text: $0) }))
        return rules.verdict(of: .address(try #require(IPAddress(text: text))), port: port)?.refusal?.code
    }

    private func listener(_ host: String, _ port: Int = 8_080) -> OwnPlace? {
        OwnPlace(variable: "API_LISTEN", role: .listener, host: host, port: port)
    }

    private func server(_ host: String, _ port: Int = 6_379) -> OwnPlace? {
        OwnPlace(variable: "REDIS_URL", role: .server, host: host, port: port)
    }

    @Test func aListenerIsOpenedByItsAddressWithItsPort() throws {
        #expect(try code(listener("127.0.0.1"), ["127.0.0.1"], "127.0.0.1", 8_080) == "own_listener")
        #expect(try code(listener("127.0.0.1"), ["127.0.0.1"], "127.0.0.1", 8_081) == nil)
        #expect(try code(listener("127.0.0.1"), ["127.0.0.1:8080"], "127.0.0.1", 8_080) == nil)
        #expect(try code(listener("10.0.0.5"), ["10.0.0.0/8"], "10.0.0.5", 8_080) == "own_listener")
        #expect(try code(listener("10.0.0.5"), ["10.0.0.0/8"], "10.0.0.6", 8_080) == nil)
        #expect(try code(listener("10.0.0.5"), ["10.0.0.5:8080"], "10.0.0.5", 8_080) == nil)
        // One public address of ours, on a port that is open to all.
        #expect(try code(listener("8.8.8.8", 443), [], "8.8.8.8", 443) == "own_listener")
    }

    @Test func aListenerOnAllAddressesIsOnEachOfThem() throws {
        for host in ["0.0.0.0", "::", "[::]", "some-name"] {
            let place = listener(host)
            #expect(try code(place, ["127.0.0.1"], "127.0.0.1", 8_080) == "own_listener")
            #expect(try code(place, ["127.9.9.9"], "127.9.9.9", 8_080) == "own_listener")
            #expect(try code(place, ["::1"], "::1", 8_080) == "own_listener")
            #expect(try code(place, ["10.0.0.0/8"], "10.0.0.5", 8_080, machine: ["10.0.0.5"]) == "own_listener")
            #expect(try code(place, ["10.0.0.0/8"], "10.0.0.6", 8_080, machine: ["10.0.0.5"]) == nil)
            #expect(try code(place, ["10.0.0.5:8080"], "10.0.0.5", 8_080, machine: ["10.0.0.5"]) == nil)
        }
    }

    @Test func aServerIsNeverOpened() throws {
        for items in [["127.0.0.1"], ["127.0.0.1:6379"]] {
            #expect(try code(server("127.0.0.1"), items, "127.0.0.1", 6_379) == "own_server")
            #expect(try code(server("localhost"), items, "127.0.0.1", 6_379) == "own_server")
        }
        #expect(try code(server("127.0.0.1"), ["127.0.0.9"], "127.0.0.9", 6_379) == "own_server")
        #expect(try code(server("localhost"), ["::1"], "::1", 6_379) == "own_server")
        #expect(try code(server("10.0.0.7"), ["10.0.0.0/8"], "10.0.0.7", 6_379) == "own_server")
        #expect(try code(server("10.0.0.7"), ["10.0.0.7:6379"], "10.0.0.7", 6_379) == "own_server")
        #expect(try code(server("10.0.0.7"), ["10.0.0.0/8"], "10.0.0.8", 6_379) == nil)
        #expect(try code(server("fd00::7"), ["fd00::/8"], "fd00::7", 6_379) == "own_server")
    }

    /// While only a server's name is known, its port is closed but where an item names it.
    @Test func aServerThatIsANameClosesItsPort() throws {
        #expect(try code(server("redis"), ["10.0.0.0/8"], "10.0.0.7", 6_379) == "own_server")
        #expect(try code(server("redis"), ["10.0.0.7"], "10.0.0.7", 6_379) == "own_server")
        #expect(try code(server("redis"), ["10.0.0.7:6379"], "10.0.0.7", 6_379) == nil)
        #expect(try code(server("redis"), ["10.0.0.0/8"], "10.0.0.7", 80) == nil)
    }

    @Test func portsThatAreNone() {
        #expect(listener("127.0.0.1", 0) == nil && listener("127.0.0.1", 65_536) == nil)
    }

    @Test func reasonsInWords() throws {
        func text(_ rules: AddressGuard, _ host: String, _ port: UInt16) throws -> String? {
            rules.verdict(of: try TargetHost(host), port: port)?.refusal?.description
        }
        let rules = AddressGuard(
            rows: [],
            ownPlaces: [listener("127.0.0.1"), server("10.0.0.7"), server("database", 5_432)].compactMap { $0 })
        let expected: [(String, UInt16, String)] = [
            (
                "10.0.0.5", 80,
                "10.0.0.5:80 is in 10.0.0.0/8 (a private network); OUTBOUND_ALLOW does not name it"
            ),
            (
                "127.1", 9_000,
                "127.0.0.1:9000 is in 127.0.0.0/8 (loopback, this machine itself); OUTBOUND_ALLOW does not name this address itself"
            ),
            ("168.63.129.16", 80, "168.63.129.16:80 is in 168.63.129.16/32 (Azure: a cloud's metadata service)"),
            ("[fe80::1]", 80, "[fe80::1]:80 is in fe80::/10 (link-local, where clouds keep their metadata services)"),
            (
                "[64:ff9b::10.0.0.1]", 80,
                "[64:ff9b::a00:1]:80 is 10.0.0.1 behind NAT64, in 10.0.0.0/8 (a private network)"
            ),
            ("8.8.8.8", 22, "8.8.8.8:22 has a port that is neither 80 nor 443, and OUTBOUND_ALLOW does not name it"),
            (
                "127.0.0.1", 8_080,
                "127.0.0.1:8080 is where API_LISTEN listens; OUTBOUND_ALLOW does not name it with its port"
            ),
            ("10.0.0.7", 6_379, "10.0.0.7:6379 is the server of REDIS_URL, which nothing opens"),
            (
                "10.0.0.9", 5_432,
                "10.0.0.9:5432 may be the server of REDIS_URL; OUTBOUND_ALLOW does not name it with its port"
            ),
            ("metadata.google.internal", 80, "metadata.google.internal:80 is a cloud's metadata service"),
            (
                "localhost", 80,
                "localhost:80 is loopback, this machine itself; OUTBOUND_ALLOW does not name this address itself"
            ),
        ]
        for (host, port, sentence) in expected { #expect(try text(rules, host, port) == sentence) }
    }
}
