import Guard
import Testing

/// An address and what it is for; nil is public.
struct AddressRow: Sendable, CustomTestStringConvertible {
    let text: String
    let kind: AddressKind?

    var testDescription: String { text }
}

enum AddressRows {
    private static func rows(_ kind: AddressKind?, _ texts: String...) -> [AddressRow] {
        texts.map { AddressRow(text: $0, kind: kind) }
    }

    static let all: [AddressRow] = ipv4 + ipv6

    static let ipv4: [AddressRow] =
        rows(.thisNetwork, "0.0.0.0", "0.0.0.1", "0.255.255.255")
        + rows(.privateNetwork, "10.0.0.0", "10.1.2.3", "10.255.255.255", "172.16.0.0", "172.20.1.1", "172.31.255.255")
        + rows(.privateNetwork, "192.168.0.0", "192.168.1.1", "192.168.255.255")
        + rows(.carrierNetwork, "100.64.0.0", "100.100.100.199", "100.100.100.201", "100.127.255.255")
        + rows(.loopback, "127.0.0.0", "127.0.0.1", "127.1.2.3", "127.255.255.255")
        + rows(.linkLocal, "169.254.0.0", "169.254.1.1", "169.254.169.253", "169.254.169.123", "169.254.255.255")
        + rows(.metadata, "169.254.169.254", "169.254.170.2", "169.254.170.23", "169.254.0.23", "169.254.42.42")
        + rows(.metadata, "100.100.100.200", "168.63.129.16", "192.0.0.192")
        + rows(.protocolAssignments, "192.0.0.0", "192.0.0.8", "192.0.0.170", "192.0.0.255")
        + rows(.documentation, "192.0.2.0", "192.0.2.255", "198.51.100.7", "203.0.113.0", "203.0.113.255")
        + rows(.relay6to4, "192.88.99.0", "192.88.99.1", "192.88.99.255")
        + rows(.benchmarking, "198.18.0.0", "198.19.255.255")
        + rows(.multicast, "224.0.0.0", "224.0.0.251", "239.255.255.255")
        + rows(.reserved, "240.0.0.0", "250.1.2.3", "255.255.255.254")
        + rows(.broadcast, "255.255.255.255")
        + rows(nil, "1.0.0.0", "1.1.1.1", "8.8.8.8", "9.255.255.255", "11.0.0.0", "93.184.216.34", "100.63.255.255")
        + rows(nil, "100.128.0.0", "126.255.255.255", "128.0.0.0", "168.63.129.15", "168.63.129.17", "169.253.255.255")
        + rows(nil, "169.255.0.0", "172.15.255.255", "172.32.0.0", "191.255.255.255", "192.0.1.0", "192.0.3.0")
        + rows(nil, "192.88.98.255", "192.88.100.0", "192.167.255.255", "192.169.0.0", "198.17.255.255", "198.20.0.0")
        + rows(nil, "198.51.99.255", "198.51.101.0", "203.0.112.255", "203.0.114.0", "223.255.255.255")

    static let ipv6: [AddressRow] =
        rows(.unspecified, "::") + rows(.loopback, "::1")
        + rows(.compatible, "::2", "::127.0.0.1", "::8.8.8.8", "::a00:1")
        + rows(.mapped, "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:8.8.8.8", "::FFFF:169.254.169.254")
        + rows(.translated, "::ffff:0:127.0.0.1", "::ffff:0:808:808")
        + rows(.nat64, "64:ff9b::8.8.8.8", "64:ff9b::10.0.0.1", "64:ff9b::")
        + rows(.localNAT64, "64:ff9b:1::1", "64:ff9b:1:ffff:ffff:ffff:ffff:ffff")
        + rows(.discard, "100::", "100::1", "100::ffff:ffff:ffff:ffff")
        + rows(.teredo, "2001::1", "2001:0:53aa:64c:1:2:3:4")
        + rows(.protocolAssignments, "2001:1::1", "2001:2::1", "2001:10::1", "2001:20::1", "2001:1ff:ffff::1")
        + rows(.documentation, "2001:db8::", "2001:db8:ffff::1", "3fff::", "3fff:fff:ffff::1")
        + rows(.tunnel6to4, "2002::", "2002:7f00:1::1", "2002:808:808::1")
        + rows(.segmentRouting, "5f00::1") + rows(.multicast, "ff00::", "ff02::1", "ffff::1")
        + rows(.uniqueLocal, "fc00::", "fc00::1", "fd00::1", "fd12:3456:789a::1", "fdff:ffff::1", "fd20:ce::253")
        + rows(.metadata, "fd00:ec2::254", "fd00:ec2::23", "fd00:ec2::123", "fd20:ce::254", "fd00:c1::a9fe:a9fe")
        + rows(.metadata, "fd00:42::42", "fd00:a9fe:a9fe::1", "fd00:100::100:200")
        + rows(.linkLocal, "fe80::", "fe80::1", "fe80::a9fe:a9fe", "febf::1")
        + rows(.siteLocal, "fec0::", "fec0::1", "feff::1")
        + rows(.notGlobal, "64:ff9b:2::1", "64:ff9c::1", "100:0:0:1::1", "1fff::1", "4000::1", "5eff::1", "5f01::1")
        + rows(.notGlobal, "8000::1", "fbff::1", "fe00::1", "fe7f::1")
        + rows(nil, "2000::1", "2001:200::1", "2001:4860:4860::8888", "2001:db7::1", "2001:db9::1", "2003::1")
        + rows(nil, "2606:4700:4700::1111", "2a00:1450::1", "3ffe::1", "3fff:1000::1")
}
