/// What the guard thinks of a target before anything is sent there: at save, and to explain.
public struct TargetJudgement: Sendable, Hashable {
    /// One address that the host leads to.
    public struct Candidate: Sendable, Hashable {
        public let address: IPAddress
        public let verdict: Verdict
    }

    public let host: TargetHost
    public let port: UInt16

    /// What decided before the look-up; nil if nothing did.
    public let refusal: Refusal?

    /// All that the name leads to, or the address itself; empty if the name decided or has none.
    public let candidates: [Candidate]

    /// Why the name has no addresses; nil if it has, or was not looked up.
    public let lookupFailure: LookupFailure?

    /// Whether deliveries would go there: there is an address, and none is refused. One refused address refuses the
    /// target, since connecting would fail as soon as that one is tried.
    public var isAllowed: Bool {
        refusal == nil && !candidates.isEmpty && candidates.allSatisfy(\.verdict.isAllowed)
    }

    /// The first thing that speaks against it; nil if nothing does, or the name just has no addresses.
    public var firstRefusal: Refusal? { refusal ?? candidates.lazy.compactMap(\.verdict.refusal).first }

    init(
        host: TargetHost, port: UInt16, refusal: Refusal? = nil, candidates: [Candidate] = [],
        lookupFailure: LookupFailure? = nil
    ) {
        self.host = host
        self.port = port
        self.refusal = refusal
        self.candidates = candidates
        self.lookupFailure = lookupFailure
    }
}

extension AddressGuard {
    /// Judges a target as a connection would find it now. Waits for the resolver if the host is a name.
    ///
    /// - Parameter lookUp: the addresses of a name.
    public func judge(
        _ host: TargetHost, port: UInt16,
        lookUp: (String) async throws(LookupFailure) -> [IPAddress] = { name async throws(LookupFailure) in
            try await NameResolver.shared.addresses(of: name)
        }
    ) async -> TargetJudgement {
        if case .name(let name) = host {
            if let refusal = verdict(of: host, port: port)?.refusal {
                return TargetJudgement(host: host, port: port, refusal: refusal)
            }
            let target = target(host, port: port)
            do throws(LookupFailure) {
                let candidates = try await lookUp(name).map { address in
                    TargetJudgement.Candidate(address: address, verdict: target.verdict(of: address, port: port))
                }
                let failure =
                    candidates.isEmpty ? LookupFailure(description: "it has no address", isRetriable: false) : nil
                return TargetJudgement(host: host, port: port, candidates: candidates, lookupFailure: failure)
            } catch {
                return TargetJudgement(host: host, port: port, lookupFailure: error)
            }
        }
        let candidates = host.address.map { address in
            [
                TargetJudgement.Candidate(
                    address: address, verdict: target(host, port: port).verdict(of: address, port: port))
            ]
        }
        return TargetJudgement(host: host, port: port, candidates: candidates ?? [])
    }
}
