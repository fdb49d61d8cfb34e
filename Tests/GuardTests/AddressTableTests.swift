import Guard
import TestKit
import Testing

/// The table of refused ranges.
@Suite(.timeLimit(.minutes(1)))
struct AddressTableTests {
    /// Addresses and what they are; nil is public.
    @Test(arguments: AddressRows.all)
    func everyAddressIsOfItsKind(_ row: AddressRow) throws {
        let address = try #require(IPAddress(text: row.text))
        #expect(AddressRange.containing(address)?.kind == row.kind)
    }

    @Test func everyRowIsReachedAtBothEnds() {
        for table in [AddressRange.ipv4, AddressRange.ipv6] {
            for row in table {
                // An end of the row may belong to a narrower one before it.
                let ends = [row.block.first, row.block.last].compactMap { AddressRange.containing($0) }
                #expect(ends.count == 2 && ends.allSatisfy { row.block.contains($0.block) }, "\(row)")
            }
            for (index, row) in table.enumerated() {
                let hidden = table[..<index].contains { $0.block.contains(row.block) }
                #expect(!hidden, "\(row) can never be the first that matches")
            }
        }
    }

    /// What lies just outside of each IPv4 row is public or of another row.
    @Test func rowsEndWhereTheyEnd() throws {
        for row in AddressRange.ipv4 {
            let first = try #require(row.block.first.ipv4Bits)
            let last = try #require(row.block.last.ipv4Bits)
            for bits in [first &- 1, last &+ 1] where bits != .max && bits != 0 {
                #expect(!row.block.contains(IPAddress(ipv4: bits)), "\(row)")
            }
        }
    }

    /// By the book: an address is refused exactly if one of the blocks of the checklist holds it.
    @Test func allOfIPv4AgreesWithAnIndependentList() {
        let blocks: [(UInt32, UInt32)] = [
            (0, 8), (0x0A00_0000, 8), (0x6440_0000, 10), (0x7F00_0000, 8), (0xA9FE_0000, 16), (0xAC10_0000, 12),
            (0xC000_0000, 24), (0xC000_0200, 24), (0xC058_6300, 24), (0xC0A8_0000, 16), (0xC612_0000, 15),
            (0xC633_6400, 24), (0xCB00_7100, 24), (0xE000_0000, 4), (0xF000_0000, 4), (0xA83F_8110, 32),
        ]
        func isRefused(_ bits: UInt32) -> Bool {
            blocks.contains { base, length in bits >> (32 - length) == base >> (32 - length) }
        }
        var random = SeededRandom(seed: 20_261_121)
        var refused = 0
        for step in 0..<400_000 {
            // Every 2^18 apart over all of the space, and at random beside the blocks' ends.
            var bits = UInt32(truncatingIfNeeded: step << 14)
            if step % 2 == 1 {
                let (base, length) = blocks[Int(random.next() % UInt64(blocks.count))]
                let span = length == 32 ? UInt32(0) : UInt32.max >> length
                bits = (random.next() % 2 == 0 ? base : base | span) &+ UInt32(random.next() % 9) &- 4
            }
            let isInTable = AddressRange.containing(IPAddress(ipv4: bits)) != nil
            if isInTable != isRefused(bits) { Issue.record("\(IPAddress(ipv4: bits))") }
            if isInTable { refused += 1 }
        }
        #expect((100_000..<300_000).contains(refused))
    }

    /// Every IPv4 address inside a refused range is refused in each of its IPv6 forms.
    @Test func embeddedFormsOfRefusedAddressesAreRefused() throws {
        let rules = AddressGuard()
        var random = SeededRandom(seed: 20_261_122)
        for row in AddressRange.ipv4 {
            let first = try #require(row.block.first.ipv4Bits)
            let last = try #require(row.block.last.ipv4Bits)
            let span = UInt64(last - first) + 1
            for bits in [first, last] + (0..<200).map({ _ in first + UInt32(random.next() % span) }) {
                let host = TargetHost.address(IPAddress(ipv4: bits))
                #expect(rules.verdict(of: host, port: 80)?.isAllowed == false)
                for form in try EmbeddedForms.all(bits) {
                    let refusal = rules.verdict(of: .address(form.address), port: 80)?.refusal
                    #expect(refusal != nil, "\(IPAddress(ipv4: bits)) as \(form.name): \(form.address)")
                    if form.name == "NAT64" {
                        #expect(refusal?.range?.kind == AddressRange.containing(IPAddress(ipv4: bits))?.kind)
                    }
                }
            }
        }
    }

    /// Of a public IPv4 address only the NAT64 form is a way to that host.
    @Test func embeddedFormsOfPublicAddresses() throws {
        let rules = AddressGuard()
        for text in ["1.1.1.1", "8.8.8.8", "93.184.216.34", "100.128.0.1", "172.32.0.1", "223.255.255.255"] {
            let bits = try #require(IPAddress(text: text)?.ipv4Bits)
            for form in try EmbeddedForms.all(bits) {
                let verdict = rules.verdict(of: .address(form.address), port: 443)
                #expect(verdict?.isAllowed == (form.name == "NAT64"), "\(form.name) \(form.address)")
            }
        }
    }

    /// What is outside 2000::/3 is refused, whatever it is.
    @Test func ipv6OutsideTheGlobalSpaceIsRefused() {
        var random = SeededRandom(seed: 20_261_123)
        for _ in 0..<50_000 {
            let bytes = (0..<16).map { _ in UInt8(truncatingIfNeeded: random.next()) }
            guard let address = IPAddress(bytes: bytes) else { continue }
            if bytes[0] >> 5 != 1 { #expect(AddressRange.containing(address) != nil, "\(address)") }
        }
    }

    @Test func blocks() throws {
        for text in [
            "10.0.0.0/33", "10.0.0.1/8", "10.0.0.0/-1", "10.0.0.0/08", "10.0.0.0/", "/8", "10.0.0.0", "10.0.0.0/8/8",
            "10.0.0/8", "fd00::/129", "fd00::1/8", "::/x", "[fd00::]/8", "10.0.0.0/ 8", "",
        ] {
            #expect(AddressBlock(text: text) == nil, "\(text)")
        }
        for text in ["0.0.0.0/0", "::/0", "127.0.0.1/32", "fd00::/8", "2001:db8::1/128"] {
            #expect(try #require(AddressBlock(text: text)).description == text)
        }
        let all = try #require(AddressBlock(text: "0.0.0.0/0"))
        #expect(all.last.description == "255.255.255.255")
        #expect(try !all.contains(#require(IPAddress(text: "::1"))))
        #expect(
            try #require(AddressBlock(text: "fd00::/8")).last.description == "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff")
        #expect(try #require(AddressBlock(text: "::/65")).last.description == "::7fff:ffff:ffff:ffff")
    }

    @Test func addresses() throws {
        for text in [
            "127.1", "0x7f.0.0.1", "1.2.3.4.5", "256.1.1.1", "[::1]", "fe80::1%eth0", "", "a", "1.2.3.4 ", "01.2.3.4",
        ] {
            #expect(IPAddress(text: text) == nil, "\(text)")
        }
        let address = try #require(IPAddress(text: "2001:DB8::A"))
        #expect(address.description == "2001:db8::a" && address.text(port: 80) == "[2001:db8::a]:80")
        #expect(IPAddress(bytes: address.bytes) == address && address.ipv4Bits == nil)
        #expect(try #require(IPAddress(text: "10.0.0.1")).bytes == [10, 0, 0, 1])
        #expect(IPAddress(bytes: [1, 2, 3]) == nil)
        #expect(IPAddress.ofThisMachine().contains(IPAddress(ipv4: 0x7F00_0001)))
    }
}

/// The ways to write an IPv4 address into an IPv6 one.
enum EmbeddedForms {
    struct Form {
        let name: String
        let address: IPAddress
    }

    static func all(_ bits: UInt32) throws -> [Form] {
        let part = [UInt8](unsafe withUnsafeBytes(of: bits.bigEndian) { unsafe Array($0) })
        func address(_ bytes: [UInt8]) throws -> IPAddress { try #require(IPAddress(bytes: bytes)) }
        func zeros(_ count: Int) -> [UInt8] { [UInt8](repeating: 0, count: count) }
        return [
            Form(name: "mapped", address: try address(zeros(10) + [255, 255] + part)),
            Form(name: "compatible", address: try address(zeros(12) + part)),
            Form(name: "translated", address: try address(zeros(8) + [255, 255, 0, 0] + part)),
            Form(name: "NAT64", address: try address([0, 0x64, 0xFF, 0x9B] + zeros(8) + part)),
            Form(name: "local NAT64", address: try address([0, 0x64, 0xFF, 0x9B, 0, 1] + zeros(6) + part)),
            Form(name: "6to4", address: try address([0x20, 2] + part + zeros(9) + [1])),
            Form(
                name: "Teredo client",
                address: try address([0x20, 1, 0, 0, 8, 8, 8, 8] + zeros(4) + part.map { ~$0 })),
            Form(
                name: "Teredo server",
                address: try address([0x20, 1, 0, 0] + part + zeros(4) + [0xF7, 0xF7, 0xF7, 0xF7])),
        ]
    }
}
