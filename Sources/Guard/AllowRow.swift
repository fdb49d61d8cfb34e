/// One item of `OUTBOUND_ALLOW`.
public struct AllowRow: Sendable, Hashable, CustomStringConvertible {
    /// What an item names.
    public enum Place: Sendable, Hashable {
        /// One address: `10.0.0.5`, `fd00::5`, `127.0.0.1`.
        case address(IPAddress)
        /// A block: `10.0.0.0/8`.
        case block(AddressBlock)
        /// A host of this name, whatever private address it leads to: `hub.lan`.
        case name(String)
    }

    /// Why an item is refused.
    public struct Fault: Error, Sendable, Hashable, CustomStringConvertible {
        /// What is wrong and what is allowed, without the item.
        public let description: String
    }

    /// What it names.
    public let place: Place

    /// The one port that it opens; nil for all.
    public let port: UInt16?

    /// Reads `host`, `host:port`, `address`, `address:port`, `[address]:port` or a block.
    ///
    /// - Throws: for anything else, and for what no item can open: loopback by a block or a name, link-local, metadata
    ///   and other addresses that are nobody's.
    public init(_ text: String) throws(Fault) {
        if text.contains("/") {
            guard let block = AddressBlock(text: text) else { throw Fault(description: Self.blockForm(text)) }
            try Self.check(block)
            (place, port) = (.block(block), nil)
            return
        }
        if let address = IPAddress(text: text) {
            try Self.check(address)
            (place, port) = (.address(address), nil)
            return
        }
        let (hostText, portText) = Self.split(text)
        guard text.hasPrefix("[") || !hostText.contains(":") else { throw Fault(description: Self.forms) }
        if let portText {
            guard 1...5 ~= portText.utf8.count, portText.utf8.allSatisfy({ 0x30...0x39 ~= $0 }),
                let number = UInt16(portText), number > 0
            else { throw Fault(description: "a port is a number from 1 to 65535") }
            port = number
        } else {
            port = nil
        }
        do throws(TargetHost.Fault) {
            switch try TargetHost(hostText) {
            case .address(let address):
                guard hostText.hasPrefix("[") || address.description == hostText else {
                    throw TargetHost.Fault(description: "")
                }
                place = .address(address)
            case .name(let name): place = .name(name)
            }
        } catch {
            throw Fault(description: Self.forms)
        }
        switch place {
        case .address(let address): try Self.check(address)
        case .name(let name): try Self.check(name)
        case .block: break
        }
    }

    /// Whether it names this very address, with this port or without one.
    func names(_ address: IPAddress, port: UInt16) -> Bool {
        guard case .address(address) = place else { return false }
        return self.port == nil || self.port == port
    }

    /// Whether it names this port, and not all.
    func namesPort(_ port: UInt16) -> Bool { self.port == port }

    /// Whether it names the address itself or a block with it, and the port or all.
    func covers(_ address: IPAddress, port: UInt16) -> Bool {
        guard self.port == nil || self.port == port else { return false }
        return switch place {
        case .address(let own): own == address
        case .block(let block): block.contains(address)
        case .name: false
        }
    }

    /// As it is written.
    public var description: String {
        let suffix = port.map { ":\($0)" } ?? ""
        return switch place {
        case .address(let address): address.isIPv6 && port != nil ? "[\(address)]\(suffix)" : "\(address)\(suffix)"
        case .block(let block): block.description
        case .name(let name): name + suffix
        }
    }

    private static let forms = "expected a host, host:port, or a block of addresses like 10.0.0.0/8"

    private static func split(_ text: String) -> (host: Substring, port: Substring?) {
        let start = text.hasPrefix("[") ? text.firstIndex(of: "]") ?? text.startIndex : text.startIndex
        guard let colon = text[start...].lastIndex(of: ":") else { return (text[...], nil) }
        return (text[..<colon], text[text.index(after: colon)...])
    }

    /// What is wrong with a text that is meant as a block.
    private static func blockForm(_ text: String) -> String {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let address = IPAddress(text: parts[0]), let bits = Int(parts[1]),
            let meant = AddressBlock.around(address, prefixBits: bits)
        else { return forms }
        return "the address has bits beyond the length of the block; did you mean \(meant)?"
    }

    private static func check(_ address: IPAddress) throws(Fault) {
        guard EmbeddedIPv4.behindNAT64(address) == nil, let range = AddressRange.containing(address),
            range.kind.opening == .never
        else { return }
        throw Fault(description: "it is \(range.kind.phrase), which nothing opens")
    }

    /// A block that holds closed addresses among others is taken; those stay closed.
    private static func check(_ block: AddressBlock) throws(Fault) {
        let table = block.first.isIPv6 ? AddressRange.ipv6 : AddressRange.ipv4
        guard let range = table.first(where: { $0.block.contains(block) }) else { return }
        switch range.kind.opening {
        case .byAnyItem: return
        case .byAddress:
            throw Fault(description: "loopback is opened only by naming the address itself, like \(range.example)")
        case .never: throw Fault(description: "it is \(range.kind.phrase), which nothing opens")
        }
    }

    private static func check(_ name: String) throws(Fault) {
        switch HostNames.kind(of: name) {
        case nil: return
        case .loopback?:
            throw Fault(description: "loopback is opened only by naming the address itself, like 127.0.0.1")
        case .some(let kind): throw Fault(description: "it is \(kind.phrase), which nothing opens")
        }
    }
}

extension AddressRange {
    /// The address that people mean by a range of loopback.
    fileprivate var example: String { block.first.isIPv6 ? "::1" : "127.0.0.1" }
}
