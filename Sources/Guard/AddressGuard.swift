// The rules of all that goes out, made once from the variables and never changed. Asked on libcurl's thread for every
// connection and every request, so it is pure, waits for nothing, and allocates only to say why it refuses.
//
// Two tiers. Private networks, and ports other than 80 and 443, are opened by any item that names the host, the address
// or a block around it. Loopback is opened only by an item with that very address. Link-local, metadata and the other
// addresses that are nobody's are never opened. Our own listeners need an item with address and port; Redis and Postgres
// are never reached.

/// Decides where deliveries may go.
public final class AddressGuard: Sendable {
    /// Most items of `OUTBOUND_ALLOW`.
    public static let maximumRows = 1_000

    /// The items of `OUTBOUND_ALLOW`.
    public let rows: [AllowRow]

    /// Where this system listens and keeps its data.
    public let ownPlaces: [OwnPlace]

    private let machine: Set<IPAddress>
    private let opensLoopback: Bool

    /// - Parameters:
    ///   - rows: what is opened.
    ///   - ownPlaces: what stays closed.
    ///   - machine: the addresses of this machine, which a listener on all of them is reached by.
    public init(rows: [AllowRow] = [], ownPlaces: [OwnPlace] = [], machine: Set<IPAddress> = []) {
        self.rows = rows
        self.ownPlaces = ownPlaces
        self.machine = machine
        opensLoopback = rows.contains { row in
            guard case .address(let address) = row.place else { return false }
            return address.isLoopback
        }
    }

    /// The same guard with more opened, for a client that calls one place which whoever runs this has named.
    public func opening(_ more: [AllowRow]) -> AddressGuard {
        AddressGuard(rows: rows + more, ownPlaces: ownPlaces, machine: machine)
    }

    /// The guard of one target. Made once for each request or kept: it looks up the items with the target's name.
    public func target(_ host: TargetHost, port: UInt16) -> GuardedTarget {
        guard case .name(let name) = host else { return GuardedTarget(rules: self, nameRows: []) }
        let place = AllowRow.Place.name(name)
        return GuardedTarget(rules: self, nameRows: rows.filter { $0.place == place && ($0.port ?? port) == port })
    }

    /// What is known of a target before its name is looked up; nil if that decides.
    public func verdict(of host: TargetHost, port: UInt16) -> Verdict? {
        switch host {
        case .address(let address): return verdict(of: address, port: port, nameRows: [])
        case .name(let name):
            guard let kind = HostNames.kind(of: name), !(kind == .loopback && opensLoopback) else { return nil }
            return .refused(Refusal(place: "\(name):\(port)", cause: .name(kind)))
        }
    }

    /// What it thinks of an address that a connection may go to.
    ///
    /// - Parameter nameRows: the items with the name that led to it.
    func verdict(of address: IPAddress, port: UInt16, nameRows: [AllowRow]) -> Verdict {
        switch decision(address, port, nameRows) {
        case .open(let row): .allowed(openedBy: row)
        case .closed(let cause): .refused(Refusal(place: address.text(port: port), cause: cause))
        }
    }

    func allows(_ address: IPAddress, port: UInt16, nameRows: [AllowRow]) -> Bool {
        if case .open = decision(address, port, nameRows) { true } else { false }
    }

    private enum Decision {
        case open(AllowRow?)
        case closed(Refusal.Cause)
    }

    private func decision(_ address: IPAddress, _ port: UInt16, _ nameRows: [AllowRow]) -> Decision {
        let behind = EmbeddedIPv4.behindNAT64(address)
        if let place = closedPlace(at: behind ?? address, port, nameRows) { return .closed(.own(place)) }
        if let behind {
            // No item names what a translator makes of an address.
            if let range = AddressRange.containing(behind) { return .closed(.behindNAT64(behind, range)) }
            return onPort(address, port, nameRows)
        }
        guard let range = AddressRange.containing(address) else { return onPort(address, port, nameRows) }
        let row: AllowRow? =
            switch range.kind.opening {
            case .never: nil
            case .byAddress: rows.first { $0.names(address, port: port) }
            case .byAnyItem: row(covering: address, port, nameRows)
            }
        return row.map { .open($0) } ?? .closed(.range(range))
    }

    /// A public address: only the port is asked for.
    private func onPort(_ address: IPAddress, _ port: UInt16, _ nameRows: [AllowRow]) -> Decision {
        if port == 443 || port == 80 { return .open(nil) }
        return row(covering: address, port, nameRows).map { .open($0) } ?? .closed(.port)
    }

    private func row(covering address: IPAddress, _ port: UInt16, _ nameRows: [AllowRow]) -> AllowRow? {
        nameRows.first ?? rows.first { $0.covers(address, port: port) }
    }

    /// The place of our own that this may be, unless an item opens it.
    private func closedPlace(at address: IPAddress, _ port: UInt16, _ nameRows: [AllowRow]) -> OwnPlace? {
        for place in ownPlaces where place.mayBe(at: address, port: port, machine: machine) {
            switch (place.role, place.reach) {
            case (.server, .address), (.server, .machine): return place
            case (.server, .anywhere):
                let isNamed = nameRows.contains { $0.namesPort(port) }
                if !isNamed, !isNamedWithPort(address, port) { return place }
            case (.listener, _):
                if !isNamedWithPort(address, port) { return place }
            }
        }
        return nil
    }

    private func isNamedWithPort(_ address: IPAddress, _ port: UInt16) -> Bool {
        rows.contains { $0.namesPort(port) && $0.names(address, port: port) }
    }
}
