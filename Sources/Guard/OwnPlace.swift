/// Where this system itself listens or keeps its data: closed to deliveries even where its address is open.
public struct OwnPlace: Sendable, Hashable {
    /// What is there.
    public enum Role: Sendable, Hashable {
        /// A program of ours. An item of `OUTBOUND_ALLOW` with this very address and port opens it: the built-in
        /// receiver is reached so.
        case listener
        /// Redis or Postgres. Nothing opens its address; while only its name is known, its port is closed at every
        /// address but those that an item names together with the port.
        case server
    }

    /// What the variable's host stands for.
    enum Reach: Sendable, Hashable {
        /// This address; loopback stands for all of loopback.
        case address(IPAddress)
        /// All addresses of this machine.
        case machine
        /// Not known: a name.
        case anywhere
    }

    /// The variable that says where it is.
    public let variable: String

    /// See ``Role``.
    public let role: Role

    /// Its port.
    public let port: UInt16

    let reach: Reach

    /// - Parameters:
    ///   - host: a name, an address, or the unspecified address for all of this machine's.
    ///   - port: nil is returned for any but 1...65535.
    public init?(variable: String, role: Role, host: String, port: Int) {
        guard 1...65_535 ~= port else { return nil }
        self.variable = variable
        self.role = role
        self.port = UInt16(port)
        let bare = host.hasPrefix("[") ? String(host.dropFirst().dropLast()) : host
        if let address = IPAddress(text: bare.prefix { $0 != "%" }) {
            reach = AddressRange.isUnspecified(address) ? .machine : .address(address)
        } else if HostNames.kind(of: bare.lowercased()) == .loopback {
            reach = .address(IPAddress(ipv4: 0x7F00_0001))
        } else {
            reach = role == .listener ? .machine : .anywhere
        }
    }

    /// Whether it may be what is reached there. `machine`: the addresses of this machine's interfaces.
    func mayBe(at address: IPAddress, port: UInt16, machine: Set<IPAddress>) -> Bool {
        guard port == self.port else { return false }
        switch reach {
        case .address(let own): return own == address || (own.isLoopback && address.isLoopback)
        case .machine: return address.isLoopback || machine.contains(address)
        case .anywhere: return true
        }
    }

    /// Whether its address is known.
    var isCertain: Bool { reach != .anywhere }
}

extension IPAddress {
    /// 127.0.0.0/8 or ::1.
    var isLoopback: Bool { isIPv6 ? high == 0 && low == 1 : low >> 24 == 127 }
}

extension AddressRange {
    fileprivate static func isUnspecified(_ address: IPAddress) -> Bool { address.high == 0 && address.low == 0 }
}
