public import Curl

/// The guard of one target: what libcurl asks for each address that it dials, and again before each request.
///
/// Two words, so it travels inside a request without an allocation.
public struct GuardedTarget: CurlAddressPolicy {
    let rules: AddressGuard
    let nameRows: [AllowRow]

    /// Whether the target may be reached there. Well below a microsecond.
    public func allows(_ address: CurlAddress) -> Bool {
        rules.allows(IPAddress(address), port: address.port, nameRows: nameRows)
    }

    /// The same with the reason.
    public func verdict(of address: IPAddress, port: UInt16) -> Verdict {
        rules.verdict(of: address, port: port, nameRows: nameRows)
    }
}
