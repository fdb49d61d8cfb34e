import Curl
import Guard
import Jobs
import Testing

/// What becomes of each URL, from its text to the address.
@Suite(.timeLimit(.minutes(1)))
struct OutboundTableTests {
    private static func rules() throws -> AddressGuard {
        AddressGuard(
            rows: try AllowList.rows(OutboundRows.allow), ownPlaces: OutboundRows.places,
            machine: [try #require(IPAddress(text: "10.1.0.200"))])
    }

    private func judge(_ url: WebhookURL, _ rules: AddressGuard) async -> TargetJudgement {
        await rules.judge(url.target, port: UInt16(url.port)) { name async throws(LookupFailure) in
            guard let texts = OutboundRows.names[name] else {
                throw LookupFailure(description: "Name or service not known", isRetriable: false)
            }
            return texts.compactMap { IPAddress(text: $0) }
        }
    }

    private func read(_ text: String) -> Result<WebhookURL, WebhookURL.Fault> {
        do { return .success(try WebhookURL(text)) } catch { return .failure(error) }
    }

    @Test func theTableIsLarge() {
        #expect(OutboundRows.all.count >= 150)
        #expect(Set(OutboundRows.all.map(\.url)).count == OutboundRows.all.count)
    }

    @Test(arguments: OutboundRows.all)
    func everyURL(_ row: OutboundRow) async throws {
        let url: WebhookURL
        switch read(row.url) {
        case .success(let usable): url = usable
        case .failure(let fault):
            guard case .unusable(let text) = row.outcome else { throw fault }
            #expect(fault.description.contains(text), "\(fault)")
            return
        }
        let rules = try Self.rules()
        let judgement = await judge(url, rules)
        switch row.outcome {
        case .unusable: Issue.record("it was taken: \(url.target)")
        case .refused(let code):
            #expect(!judgement.isAllowed)
            #expect(judgement.firstRefusal?.code == code, "\(String(describing: judgement.firstRefusal))")
        case .unknown:
            #expect(!judgement.isAllowed && judgement.firstRefusal == nil && judgement.lookupFailure != nil)
        case .allowed(let item):
            #expect(judgement.isAllowed, "\(String(describing: judgement.firstRefusal))")
            let rows = judgement.candidates.map { candidate -> String? in
                if case .allowed(let row) = candidate.verdict { row?.description } else { nil }
            }
            #expect(rows.first == .some(item), "\(rows)")
        }
        try sameAtConnect(judgement, rules.target(url.target, port: judgement.port), judgement.port)
    }

    /// The connection is asked the same question and gets the same answer.
    private func sameAtConnect(_ judgement: TargetJudgement, _ target: GuardedTarget, _ port: UInt16) throws {
        for candidate in judgement.candidates {
            let address = try #require(CurlAddress(bytes: candidate.address.bytes, port: port))
            #expect(target.allows(address) == candidate.verdict.isAllowed)
        }
    }

    /// What libcurl reads of each URL that can be used is what is judged.
    @Test(arguments: OutboundRows.all)
    func libcurlReadsTheSame(_ row: OutboundRow) throws {
        // The other test says which are refused.
        guard case .success(let url) = read(row.url) else { return }
        let other = try #require(CurlURL(row.url))
        #expect(try TargetHost(other.host) == url.target)
        #expect(other.port == url.port && !other.hasUserInfo)
    }

    @Test func anEmptyAllowListOpensNothing() async throws {
        let rules = AddressGuard()
        for row in OutboundRows.all {
            guard case .allowed(.some) = row.outcome else { continue }
            let url = try WebhookURL(row.url)
            let judgement = await judge(url, rules)
            #expect(!judgement.isAllowed, "\(row.url)")
        }
    }
}
