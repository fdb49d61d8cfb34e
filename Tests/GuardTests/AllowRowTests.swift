import Guard
import Testing

/// The items of `OUTBOUND_ALLOW`.
@Suite(.timeLimit(.minutes(1)))
struct AllowRowTests {
    @Test(arguments: [
        ("hub.lan", "hub.lan"), ("HUB.Lan.", "hub.lan"), ("hub:8080", "hub:8080"), ("10.0.0.5", "10.0.0.5"),
        ("10.0.0.5:80", "10.0.0.5:80"), ("10.0.0.0/8", "10.0.0.0/8"), ("fd00::/8", "fd00::/8"), ("fd00::5", "fd00::5"),
        ("[fd00::5]", "fd00::5"), ("[FD00::5]:443", "[fd00::5]:443"), ("127.0.0.1", "127.0.0.1"),
        ("127.0.0.1:9000", "127.0.0.1:9000"), ("::1", "::1"), ("[::1]:9000", "[::1]:9000"), ("127.5.5.5", "127.5.5.5"),
        ("0.0.0.0/0", "0.0.0.0/0"), ("::/0", "::/0"), ("100.64.0.0/10", "100.64.0.0/10"),
        ("8.8.8.8:8443", "8.8.8.8:8443"),
        ("crm.example.com:8443", "crm.example.com:8443"), ("192.168.0.0/16", "192.168.0.0/16"), ("a:65535", "a:65535"),
        ("203.0.113.5", "203.0.113.5"), ("under_score", "under_score"),
    ])
    func taken(_ text: String, _ description: String) throws {
        #expect(try AllowRow(text).description == description)
    }

    @Test(arguments: [
        ("", "expected"), ("*", "expected"), ("*.lan", "expected"), ("a b", "expected"), ("http://hub.lan", "expected"),
        ("hub.lan/path", "expected"), ("hub.lan:", "port"), ("hub.lan:0", "port"), ("hub.lan:65536", "port"),
        ("hub.lan:x", "port"), ("hub.lan:+1", "port"), ("10.0.0.5/8", "did you mean 10.0.0.0/8?"),
        ("fd00::1/8", "did you mean fd00::/8?"), ("10.0.0.0/33", "expected"), ("10.0.0.0/", "expected"),
        ("/8", "expected"),
        ("127.1", "expected"), ("0x7f.0.0.1", "expected"), ("2130706433", "expected"), ("010.0.0.1", "expected"),
        ("256.0.0.1", "expected"), ("[10.0.0.1]", "expected"), ("[fd00::5", "expected"), ("fd00::5%eth0", "expected"),
        ("user@hub.lan", "expected"), ("hüb.lan", "expected"), ("10.0.0.0/8:80", "expected"),
        ("127.0.0.0/8", "naming the address itself"), ("127.0.0.1/32", "naming the address itself"),
        ("::1/128", "naming the address itself"), ("localhost", "naming the address itself"),
        ("localhost:9000", "naming the address itself"), ("app.localhost", "naming the address itself"),
        ("169.254.169.254", "nothing opens"), ("169.254.169.254:80", "nothing opens"),
        ("169.254.0.0/16", "nothing opens"),
        ("169.254.1.1", "nothing opens"), ("fe80::1", "nothing opens"), ("fe80::/10", "nothing opens"),
        ("[fe80::1]:80", "nothing opens"), ("100.100.100.200", "nothing opens"), ("168.63.129.16", "nothing opens"),
        ("fd00:ec2::254", "nothing opens"), ("fd00:ec2::/32", "nothing opens"),
        ("metadata.google.internal", "nothing opens"),
        ("0.0.0.0", "nothing opens"), ("0.0.0.0/8", "nothing opens"), ("::", "nothing opens"),
        ("224.0.0.1", "nothing opens"),
        ("::ffff:10.0.0.1", "nothing opens"), ("[::ffff:127.0.0.1]:9000", "nothing opens"),
        ("240.0.0.0/4", "nothing opens"),
        ("255.255.255.255", "nothing opens"), ("192.0.0.192", "nothing opens"), ("2002::/16", "nothing opens"),
    ])
    func refused(_ text: String, _ part: String) {
        do throws(AllowRow.Fault) {
            let row = try AllowRow(text)
            Issue.record("it was taken: \(row)")
        } catch {
            #expect(error.description.contains(part), "\(error)")
        }
    }

    @Test func theListNamesTheItemThatIsWrong() throws {
        #expect(try AllowList.rows([]).isEmpty)
        do throws(AllowList.Fault) {
            _ = try AllowList.rows(["10.0.0.0/8", "127.0.0.0/8", "x y"])
            Issue.record("it was taken")
        } catch {
            #expect(error.item == "127.0.0.0/8" && error.reason.contains("loopback"))
        }
        #expect(throws: AllowList.Fault.self) { try AllowList.rows((0...1_000).map { "host-\($0)" }) }
    }

    /// A wide block opens what can be opened, and nothing else.
    @Test(arguments: ["0.0.0.0/0", "::/0", "100.64.0.0/10", "fc00::/7"])
    func wideBlocksLeaveTheRestClosed(_ item: String) throws {
        let rules = AddressGuard(rows: try AllowList.rows([item]))
        for table in [AddressRange.ipv4, AddressRange.ipv6] {
            for row in table where row.kind.opening != .byAnyItem {
                for address in [row.block.first, row.block.last] where AddressRange.containing(address) == row {
                    #expect(rules.verdict(of: .address(address), port: 80)?.isAllowed == false, "\(row)")
                }
            }
        }
        let block = try #require(AddressBlock(text: item))
        for table in [AddressRange.ipv4, AddressRange.ipv6] {
            for row in table where row.kind.opening == .byAnyItem && block.contains(row.block) {
                #expect(rules.verdict(of: .address(row.block.last), port: 8_080)?.isAllowed == true, "\(row)")
            }
        }
    }

    @Test func portsOfItems() throws {
        func isAllowed(_ items: [String], _ text: String, _ port: UInt16) throws -> Bool {
            let rules = AddressGuard(rows: try AllowList.rows(items))
            let address = try #require(IPAddress(text: text))
            return rules.verdict(of: .address(address), port: port)?.isAllowed ?? false
        }
        #expect(try isAllowed(["10.0.0.5:8080"], "10.0.0.5", 8_080))
        #expect(try !isAllowed(["10.0.0.5:8080"], "10.0.0.5", 80))
        #expect(try !isAllowed(["10.0.0.5:8080"], "10.0.0.6", 8_080))
        #expect(try isAllowed(["10.0.0.5"], "10.0.0.5", 1))
        #expect(try isAllowed(["127.0.0.1"], "127.0.0.1", 9_000))
        #expect(try !isAllowed(["127.0.0.1"], "127.0.0.2", 9_000))
        #expect(try !isAllowed(["::1"], "127.0.0.1", 9_000))
        #expect(try isAllowed(["8.8.8.8"], "8.8.8.8", 8_443))
        #expect(try !isAllowed(["8.8.8.8:8443"], "8.8.8.8", 8_444))
        #expect(try isAllowed(["8.8.8.0/24"], "8.8.8.8", 8_444))
    }
}
