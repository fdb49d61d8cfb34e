import Guard
import Jobs

/// What the guard thinks of a URL, for programs and people. Shows nothing of its path and query, which may hold a token.
struct EndpointExplanation: Encodable {
    /// One address that the host leads to.
    struct Candidate: Encodable {
        let address: String
        let allowed: Bool
        /// The refused range that it lies in, opened or not; null if it is public.
        let range: String?
        /// What the range is for: one of the words of `docs/guard.md`.
        let rangeKind: String?
        /// One word of what refuses it; null if nothing does.
        let code: String?
        /// A sentence of what refuses it; null if nothing does.
        let reason: String?
        /// The item of `OUTBOUND_ALLOW` that opened it; null if it took none.
        let openedBy: String?

        private enum CodingKeys: String, CodingKey {
            case address, allowed, range
            case rangeKind = "range_kind"
            case code, reason
            case openedBy = "opened_by"
        }

        func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(address, forKey: .address)
            try container.encode(allowed, forKey: .allowed)
            try container.encode(range, forKey: .range)
            try container.encode(rangeKind, forKey: .rangeKind)
            try container.encode(code, forKey: .code)
            try container.encode(reason, forKey: .reason)
            try container.encode(openedBy, forKey: .openedBy)
        }

        init(_ candidate: TargetJudgement.Candidate) {
            address = candidate.address.description
            let range = candidate.verdict.refusal?.range ?? AddressRange.containing(candidate.address)
            self.range = range?.block.description
            rangeKind = range?.kind.rawValue
            switch candidate.verdict {
            case .allowed(let row):
                (allowed, code, reason, openedBy) = (true, nil, nil, row?.description)
            case .refused(let refusal):
                (allowed, code, reason, openedBy) = (false, refusal.code, refusal.description, nil)
            }
        }

        /// Why it is as it is, in a few words.
        var because: String {
            if let reason { return reason }
            guard let openedBy else { return "public" }
            let place = range.map { "in \($0)" } ?? "public, on a port of its own"
            return "\(place), opened by \(openedBy)"
        }
    }

    /// Scheme, host and port; null if the URL cannot be used.
    let url: String?
    let allowed: Bool
    let scheme: String?
    /// In its usual form: what `0x7f.1` means is here `127.0.0.1`.
    let host: String?
    let port: Int?
    /// One word of what refuses it: `url`, `lookup`, or that of an address or name; null if nothing does.
    let code: String?
    /// A sentence of what refuses it; null if nothing does.
    let reason: String?
    let addresses: [Candidate]

    /// Of a URL that can be used.
    init(_ url: WebhookURL, _ judgement: TargetJudgement) {
        self.url = url.description
        allowed = judgement.isAllowed
        scheme = url.isSecure ? "https" : "http"
        host = url.target.description
        port = url.port
        addresses = judgement.candidates.map(Candidate.init)
        if let refusal = judgement.firstRefusal {
            (code, reason) = (refusal.code, refusal.description)
        } else if let failure = judgement.lookupFailure {
            (code, reason) = ("lookup", "the name \(url.target) has no address: \(failure)")
        } else {
            (code, reason) = (nil, nil)
        }
    }

    /// Of one that cannot.
    init(_ fault: WebhookURL.Fault) {
        (url, scheme, host, port) = (nil, nil, nil, nil)
        (allowed, addresses) = (false, [])
        (code, reason) = ("url", "the URL cannot be used: \(fault)")
    }

    private enum CodingKeys: String, CodingKey { case url, allowed, scheme, host, port, code, reason, addresses }

    /// With a null for what is not known, so that the form is always the same.
    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(url, forKey: .url)
        try container.encode(allowed, forKey: .allowed)
        try container.encode(scheme, forKey: .scheme)
        try container.encode(host, forKey: .host)
        try container.encode(port, forKey: .port)
        try container.encode(code, forKey: .code)
        try container.encode(reason, forKey: .reason)
        try container.encode(addresses, forKey: .addresses)
    }

    /// For people.
    func lines(width: Int?) -> [String] {
        guard let url, let host, let port else { return [] }
        var lines = ["url   \(url)", "host  \(host)", "port  \(port)"]
        if !addresses.isEmpty {
            var table = Table([.text("ADDRESS"), .text("VERDICT"), .sentence("BECAUSE")])
            table.rows = addresses.map { [$0.address, $0.allowed ? "allowed" : "refused", $0.because] }
            lines += [""] + table.lines(width: width)
        }
        if allowed { lines += ["", "deliveries may go there"] }
        return lines
    }
}
