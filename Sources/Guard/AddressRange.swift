// Every address that deliveries do not reach unless somebody opens it. IPv4: what is not in the table is allowed. IPv6:
// what is not in the table lies in 2000::/3 and is allowed, since the last rows close the rest.
//
// Order: the first row that contains an address is its row, so a metadata address stands before the private network
// that it lies in, and stays closed when that is opened. What most connections go to, public IPv4, passes all rows of
// its family: about 30 comparisons of words.

/// A range of refused addresses: one row of the table.
public struct AddressRange: Sendable, Hashable, CustomStringConvertible {
    /// The addresses.
    public let block: AddressBlock

    /// What they are for, and so why they are refused.
    public let kind: AddressKind

    /// Whose they are, for some metadata services; empty for most rows.
    public let owner: String

    private init(_ text: String, _ kind: AddressKind, _ owner: String = "") {
        guard let block = AddressBlock(text: text) else { preconditionFailure("\(text) is not a block of addresses") }
        self.block = block
        self.kind = kind
        self.owner = owner
    }

    /// The row that contains `address`; nil if it is public. Well below 0.1 µs, without allocating.
    public static func containing(_ address: IPAddress) -> AddressRange? {
        let table = address.isIPv6 ? ipv6 : ipv4
        for index in table.indices where table[index].block.contains(address) { return table[index] }
        return nil
    }

    /// `10.0.0.0/8 (a private network)`.
    public var description: String { "\(block) (\(owner.isEmpty ? "" : "\(owner): ")\(kind.phrase))" }

    /// The rows of IPv4, in the order in which they are asked.
    public static let ipv4: [AddressRange] = [
        AddressRange("100.100.100.200/32", .metadata, "Alibaba"),
        AddressRange("168.63.129.16/32", .metadata, "Azure"),
        AddressRange("192.0.0.192/32", .metadata, "Oracle"),
        AddressRange("169.254.169.254/32", .metadata),
        AddressRange("169.254.170.2/32", .metadata, "AWS containers"),
        AddressRange("169.254.170.23/32", .metadata, "AWS containers"),
        AddressRange("169.254.0.23/32", .metadata, "Tencent"),
        AddressRange("169.254.42.42/32", .metadata, "Scaleway"),
        AddressRange("255.255.255.255/32", .broadcast),
        AddressRange("0.0.0.0/8", .thisNetwork),
        AddressRange("10.0.0.0/8", .privateNetwork),
        AddressRange("100.64.0.0/10", .carrierNetwork),
        AddressRange("127.0.0.0/8", .loopback),
        AddressRange("169.254.0.0/16", .linkLocal),
        AddressRange("172.16.0.0/12", .privateNetwork),
        AddressRange("192.0.0.0/24", .protocolAssignments),
        AddressRange("192.0.2.0/24", .documentation),
        AddressRange("192.88.99.0/24", .relay6to4),
        AddressRange("192.168.0.0/16", .privateNetwork),
        AddressRange("198.18.0.0/15", .benchmarking),
        AddressRange("198.51.100.0/24", .documentation),
        AddressRange("203.0.113.0/24", .documentation),
        AddressRange("224.0.0.0/4", .multicast),
        AddressRange("240.0.0.0/4", .reserved),
    ]

    /// The rows of IPv6, in the order in which they are asked. ``EmbeddedIPv4`` opens the NAT64 row for public hosts.
    public static let ipv6: [AddressRange] = [
        AddressRange("fd00:ec2::/32", .metadata, "AWS"),
        AddressRange("fd20:ce::254/128", .metadata, "Google"),
        AddressRange("fd00:c1::a9fe:a9fe/128", .metadata, "Oracle"),
        AddressRange("fd00:42::42/128", .metadata, "Scaleway"),
        AddressRange("fd00:a9fe:a9fe::1/128", .metadata, "Akamai"),
        AddressRange("fd00:100::100:200/128", .metadata, "Alibaba"),
        AddressRange("::/128", .unspecified),
        AddressRange("::1/128", .loopback),
        AddressRange("::ffff:0:0/96", .mapped),
        AddressRange("::ffff:0:0:0/96", .translated),
        AddressRange("::/96", .compatible),
        AddressRange("64:ff9b::/96", .nat64),
        AddressRange("64:ff9b:1::/48", .localNAT64),
        AddressRange("100::/64", .discard),
        AddressRange("2001::/32", .teredo),
        AddressRange("2001::/23", .protocolAssignments),
        AddressRange("2001:db8::/32", .documentation),
        AddressRange("2002::/16", .tunnel6to4),
        AddressRange("3fff::/20", .documentation),
        AddressRange("5f00::/16", .segmentRouting),
        AddressRange("fc00::/7", .uniqueLocal),
        AddressRange("fe80::/10", .linkLocal),
        AddressRange("fec0::/10", .siteLocal),
        AddressRange("ff00::/8", .multicast),
        AddressRange("::/3", .notGlobal),
        AddressRange("4000::/2", .notGlobal),
        AddressRange("8000::/1", .notGlobal),
    ]
}
