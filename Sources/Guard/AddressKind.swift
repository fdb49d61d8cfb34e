/// What the addresses of a refused range are for. The raw value is the name in answers for programs.
public enum AddressKind: String, Sendable, Hashable, CaseIterable {
    /// RFC 1918
    case privateNetwork = "private_network"
    /// RFC 6598
    case carrierNetwork = "carrier_network"
    /// RFC 4193
    case uniqueLocal = "unique_local"
    /// RFC 3879, given up but still routed in places
    case siteLocal = "site_local"
    /// RFC 2544
    case benchmarking
    /// RFC 5737, 3849, 9637
    case documentation
    /// This machine
    case loopback
    /// One link, and on most clouds the metadata service
    case linkLocal = "link_local"
    /// A cloud's service that gives credentials to whoever asks from the machine
    case metadata
    /// 0.0.0.0/8: Linux reaches this machine through it
    case thisNetwork = "this_network"
    /// ::
    case unspecified
    /// Addresses of protocols, not of hosts
    case protocolAssignments = "protocol_assignments"
    /// RFC 7526, given up
    case relay6to4 = "6to4_relay"
    /// Groups of hosts
    case multicast
    /// RFC 1112, never given out
    case reserved
    /// 255.255.255.255
    case broadcast
    /// ::ffff:a.b.c.d, which sockets take for the IPv4 address
    case mapped
    /// ::a.b.c.d, given up
    case compatible
    /// ::ffff:0:a.b.c.d, RFC 7915
    case translated
    /// 64:ff9b::/96, RFC 6052
    case nat64
    /// 64:ff9b:1::/48, RFC 8215
    case localNAT64 = "nat64_local"
    /// 2001::/32, RFC 4380
    case teredo
    /// 2002::/16, RFC 3056
    case tunnel6to4 = "6to4"
    /// 100::/64, RFC 6666
    case discard
    /// 5f00::/16, RFC 9602
    case segmentRouting = "segment_routing"
    /// IPv6 outside 2000::/3, of which nothing is given out
    case notGlobal = "not_global"

    /// What `OUTBOUND_ALLOW` can do about an address of this kind.
    public enum Opening: Sendable, Hashable {
        /// Any item that names it, its host or a block with it opens it.
        case byAnyItem
        /// Only an item that names the address itself opens it, with or without a port.
        case byAddress
        /// Nothing opens it.
        case never
    }

    /// See ``Opening``.
    public var opening: Opening {
        switch self {
        case .privateNetwork, .carrierNetwork, .uniqueLocal, .siteLocal, .benchmarking, .documentation: .byAnyItem
        case .loopback: .byAddress
        default: .never
        }
    }

    /// The end of "it is …", for people.
    public var phrase: String {
        switch self {
        case .privateNetwork: "a private network"
        case .carrierNetwork: "a carrier's private network"
        case .uniqueLocal: "a private IPv6 network"
        case .siteLocal: "a private IPv6 network of the old kind"
        case .benchmarking: "for benchmarks of networks"
        case .documentation: "for documentation"
        case .loopback: "loopback, this machine itself"
        case .linkLocal: "link-local, where clouds keep their metadata services"
        case .metadata: "a cloud's metadata service"
        case .thisNetwork: "the unspecified network, which leads to this machine"
        case .unspecified: "the unspecified address"
        case .protocolAssignments: "for protocols, not for hosts"
        case .relay6to4: "for 6to4 relays"
        case .multicast: "multicast"
        case .reserved: "reserved"
        case .broadcast: "the broadcast address"
        case .mapped: "an IPv4 address written as IPv6"
        case .compatible: "an IPv4 address in the old IPv6 form"
        case .translated: "an IPv4 address behind a translator"
        case .nat64: "an IPv4 address behind NAT64"
        case .localNAT64: "an IPv4 address behind a local NAT64"
        case .teredo: "an IPv4 address behind Teredo"
        case .tunnel6to4: "an IPv4 address behind 6to4"
        case .discard: "where packets are thrown away"
        case .segmentRouting: "for segment routing"
        case .notGlobal: "outside the global IPv6 space"
        }
    }
}
