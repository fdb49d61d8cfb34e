import Basics
import Curl
import Synchronization
import TestKit

/// Callers who post events as long as they are told to: each event again and again, to one API or the other, until it
/// is accepted, as a caller should; and some once more although they were.
final class Load: Sendable {
    private struct State {
        var accepted: [AcceptedEvent] = []
        var complaints: [String] = []
        var crowds: [String: [String]] = [:]
        var refusals: [Int: Int] = [:]
        var unanswered = 0
        var hubRows = 0
        var isStopped = false
    }

    private let urls: [String]
    private let tokens: ProductTokens
    private let seed: UInt64
    private let clock: RunClock
    private let curl = CurlClient()
    private let state = Mutex(State())

    /// The pause of a caller between two events, and after a refusal.
    private static let pause = Duration.milliseconds(40)
    private static let refusalPause = Duration.milliseconds(100)
    /// How long a caller waits for an answer, in ms.
    private static let patienceMilliseconds = 3_000
    /// How often a caller tries; with the pause, longer than any outage.
    private static let mostTries = 600

    init(system: CrashSystem) {
        urls = system.apiURLs
        tokens = system.tokens
        seed = system.plan.seed
        clock = system.chronicle.clock
    }

    var accepted: [AcceptedEvent] { state.withLock { $0.accepted } }
    /// Answers that no caller should get.
    var complaints: [String] { state.withLock { $0.complaints } }
    /// By engagement: the jobs of answers that named more than one.
    var crowds: [String: [String]] { state.withLock { $0.crowds } }
    /// Statuses other than 202, with their counts; 0 is no answer at all.
    var refusals: [Int: Int] {
        state.withLock { $0.refusals.merging($0.unanswered > 0 ? [0: $0.unanswered] : [:]) { $1 } }
    }

    /// The callers finish what they have begun and end.
    func stop() { state.withLock { $0.isStopped = true } }

    /// Posts until ``stop()``.
    func run(callers: Int) async {
        await withDiscardingTaskGroup { group in
            for caller in 0..<callers {
                group.addTask { [self] in
                    var random = SeededRandom(seed: seed &* 1_000 &+ UInt64(caller))
                    var number = 0
                    while !state.withLock({ $0.isStopped }), !Task.isCancelled {
                        number += 1
                        await post(event("\(caller)-\(number)", &random), &random)
                        do { try await Task.sleep(for: Self.pause) } catch { return }
                    }
                }
            }
        }
    }

    func shutdown() async { await curl.shutdown() }

    private func event(_ name: String, _ random: inout SeededRandom) -> LoadEvent {
        let account = Int.random(in: 0..<FaultPlan.accountCount, using: &random)
        switch Int.random(in: 0..<10, using: &random) {
        case 0:
            return LoadEvent(kind: .received, account: account, engagement: "received-\(name)")
        case 1...2:
            let row = state.withLock { state in
                state.hubRows += 1
                return state.hubRows
            }
            guard row <= LoadEvent.hubRowCount else { break }
            return LoadEvent(
                kind: .hub, account: row % FaultPlan.accountCount, engagement: LoadEvent.hubEngagement(row))
        default: break
        }
        return LoadEvent(kind: .carried, account: account, engagement: "e-\(name)")
    }

    private func post(_ event: LoadEvent, _ random: inout SeededRandom) async {
        guard let first = await postUntilAccepted(event, &random) else { return }
        var accepted = AcceptedEvent(event: event, jobs: first.jobs, at: clock.now)
        defer { state.withLock { [accepted] in $0.accepted.append(accepted) } }
        // A caller who lost the answer, or does not trust it.
        guard event.kind != .received, Int.random(in: 0..<8, using: &random) == 0 else { return }
        guard let again = await postUntilAccepted(event, &random) else { return }
        // Redis and the outbox may not know of each other yet; then the two ids are one job later on.
        if first.isOutbox || again.isOutbox {
            accepted.jobs += again.jobs
        } else if again.jobs != first.jobs {
            complain("\(event.engagement) got the jobs \(first.jobs), and posted again \(again.jobs)")
        } else if !again.isDuplicate {
            complain("\(event.engagement), posted again, is said to be new")
        }
    }

    /// What a 202 said.
    private struct Receipt {
        let jobs: [String]
        let isDuplicate: Bool
        let isOutbox: Bool
    }

    /// Nil when it was not accepted, which is a complaint unless the run was ended.
    private func postUntilAccepted(_ event: LoadEvent, _ random: inout SeededRandom) async -> Receipt? {
        let wantsOutbox = event.kind != .received && Int.random(in: 0..<6, using: &random) == 0
        var place = Int.random(in: 0..<urls.count, using: &random)
        for _ in 0..<Self.mostTries {
            if let reply = await post(event, to: urls[place % urls.count], wantsOutbox: wantsOutbox) {
                if reply.status == 202 { return receipt(event, reply) }
                state.withLock { $0.refusals[reply.status, default: 0] += 1 }
                if ![429, 503].contains(reply.status) {
                    complain("\(event.engagement) was answered with \(reply.status): \(reply.text.prefix(300))")
                    return nil
                }
            } else {
                state.withLock { $0.unanswered += 1 }
            }
            place += 1
            do { try await Task.sleep(for: Self.refusalPause) } catch { return nil }
        }
        complain("\(event.engagement) was not accepted in \(Self.mostTries) tries")
        return nil
    }

    private func receipt(_ event: LoadEvent, _ reply: ProductReply) -> Receipt {
        let jobs =
            event.kind == .received
            ? [reply.object["id"]?.string].compactMap { $0 } : ProductClient.jobs(reply)
        if jobs.isEmpty { complain("\(event.engagement) made no job") }
        if jobs.count > 1 { state.withLock { $0.crowds[event.engagement] = jobs } }
        return Receipt(
            jobs: jobs, isDuplicate: reply.object["events"]?.array?.first?.object?["duplicate"] == .bool(true),
            isOutbox: reply.object["durability"]?.string == "outbox")
    }

    /// nil when no answer came.
    private func post(_ event: LoadEvent, to url: String, wantsOutbox: Bool) async -> ProductReply? {
        var headers = [(name: "Content-Type", value: "application/json")]
        if event.kind == .received {
            headers.append((name: "X-Aventora-Webhook-Secret", value: tokens.receiver))
        } else {
            headers.append((name: "Authorization", value: "Bearer \(tokens.all)"))
            if wantsOutbox { headers.append((name: "Prefer", value: "durability=outbox")) }
        }
        var request = CurlRequest(
            method: .post, url: url + event.path, headers: headers, body: Array(event.body.utf8))
        request.totalTimeoutMilliseconds = Self.patienceMilliseconds
        request.connectTimeoutMilliseconds = Self.patienceMilliseconds
        // The caller repeats by himself, and counts it.
        request.resendsOnStaleConnection = false
        do {
            let response = try await curl.send(request)
            return ProductReply(status: response.status, headers: response.headers, bytes: response.body)
        } catch {
            return nil
        }
    }

    private func complain(_ text: String) { state.withLock { $0.complaints.append(text) } }
}
