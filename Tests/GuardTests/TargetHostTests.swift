import Curl
import Glibc
import Guard
import TestKit
import Testing

/// Hosts of URLs, beside those who read them too.
@Suite(.timeLimit(.minutes(1)))
struct TargetHostTests {
    private static let seed: UInt64 = 20_261_124

    private func read(_ text: String) -> TargetHost? {
        do { return try TargetHost(text) } catch { return nil }
    }

    /// Numbers in all bases, of all sizes, with and without what makes them invalid.
    private func spelling(_ random: inout SeededRandom) -> String {
        (0..<(1 + random.next() % 5)).map { _ in
            let bits = [8, 8, 8, 8, 16, 24, 32, 33][Int(random.next() % 8)]
            let value = random.next() >> UInt64(64 - bits)
            return switch random.next() % 10 {
            case 0: "0x" + String(value, radix: 16)
            case 1: "0X" + String(value, radix: 16, uppercase: true)
            case 2: "0" + String(value, radix: 8)
            case 3: "00" + String(value, radix: 8)
            case 4: "0x"
            case 5: ["", "08", "1a", "0xg", "a", "-1", "0x1x", "000"][Int(random.next() % 8)]
            default: String(value)
            }
        }.joined(separator: ".")
    }

    /// What the C library takes for an address without asking anybody is that address here, or no host.
    @Test func everyAddressOfTheCLibraryIsSeen() {
        var random = SeededRandom(seed: Self.seed)
        var (addresses, others) = (0, 0)
        for _ in 0..<200_000 {
            let text = spelling(&random)
            var address = in_addr()
            let isAddress = unsafe inet_aton(text, &address) != 0
            switch read(text) {
            case .address(let own):
                addresses += 1
                if isAddress, own.ipv4Bits != UInt32(bigEndian: address.s_addr) { Issue.record("\(text) is \(own)") }
            case .name:
                others += 1
                if isAddress { Issue.record("\(text) is taken for a name") }
            case nil: others += 1
            }
        }
        #expect(addresses > 20_000 && others > 20_000)
    }

    /// Where libcurl sees an address, it is the same here.
    @Test func libcurlSeesTheSameAddresses() {
        var random = SeededRandom(seed: Self.seed + 1)
        var compared = 0
        for _ in 0..<50_000 {
            let text = spelling(&random)
            guard let other = CurlURL("http://\(text)/"), let host = read(text), case .address(let own) = host else {
                continue
            }
            compared += 1
            guard let seen = IPAddress(text: other.host) else {
                // libcurl leaves it to the resolver, which reads it as the test above says.
                continue
            }
            if seen != own { Issue.record("\(text) is \(own) here and \(seen) there") }
        }
        #expect(compared > 5_000)
    }

    @Test(arguments: [
        ("Hub.LAN", "hub.lan"), ("hub.lan.", "hub.lan"), ("a_b-c.d", "a_b-c.d"), ("127.0.0.1", "127.0.0.1"),
        ("0x7f.1", "127.0.0.1"), ("[::1]", "[::1]"), ("[FD00::5]", "[fd00::5]"), ("0", "0.0.0.0"), ("0x", "0.0.0.0"),
        ("1.2.3", "1.2.0.3"),
        ("1.2.3.4x", "1.2.3.4x"), ("127.0.0.1.x", "127.0.0.1.x"), ("0xzz", "0xzz"),
        ("[::ffff:1.2.3.4]", "[::ffff:1.2.3.4]"),
    ])
    func hosts(_ text: String, _ description: String) throws {
        #expect(try TargetHost(text).description == description)
    }

    @Test(arguments: [
        "", ".", "..", "a..b", ".a", "a..", "1.2.3.4.", "1.2.3.4.5", "256.1.1.1", "a.0x", "a b", "a%b", "é", "[::1",
        "::1",
        "[]", "[1.2.3.4]", "a:1", "[::1]:1", "[::1%lo]", "a/b", "a@b", String(repeating: "a", count: 64),
    ])
    func noHosts(_ text: String) {
        #expect(read(text) == nil)
    }
}
