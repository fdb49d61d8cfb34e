import Basics
import Synchronization
import TestKit

/// The accounts' targets: one server, a path for each account, each in the mood of the plan's weather.
final class Scenery: Sendable {
    /// What was asked of a target, and what it answered.
    struct Visit: Sendable {
        /// The job's id, from `webhook-id`.
        let job: String
        let account: Int
        /// Since the run began, in ms.
        let at: Int64
        let mood: Mood
        /// Whether the answer takes the push; anything else is a failure that the target gave.
        let isSuccess: Bool
        /// When the 2xx went out; nil when it never did.
        var deliveredAt: Int64?
        /// Of the push's body.
        var engagement = ""
    }

    private struct State {
        var visits: [Visit] = []
        var random: SeededRandom
        var loadStart: Int64?
        var isCalm = false
    }

    /// What a push may take, as the workers are told.
    static let timeoutMilliseconds: Int64 = 3_000

    private let weather: [Weather]
    private let clock: RunClock
    private let state: Mutex<State>

    init(plan: FaultPlan, clock: RunClock) {
        weather = plan.weather
        self.clock = clock
        state = Mutex(State(random: SeededRandom(seed: plan.seed ^ 0x7A96)))
    }

    static func path(_ account: Int) -> String { "/account-\(account)" }

    static func domainName(_ account: Int) -> String { "account-\(account).example" }

    /// From now on the plan's times count.
    func begin() {
        let now = clock.now
        state.withLock { $0.loadStart = now }
    }

    /// From now on every target is good and quick.
    func calm() { state.withLock { $0.isCalm = true } }

    /// What this request gets; noted in the order of arrival.
    func choose(_ request: TargetRequest) -> TargetAnswer {
        let now = clock.now
        let account = Int(request.path.split(separator: "-").last ?? "") ?? -1
        let job = String(request.header("webhook-id")?.dropFirst(4) ?? "")
        return state.withLock { state in
            let mood = state.isCalm ? .good : mood(account, now - (state.loadStart ?? now))
            // Some work is always under way.
            let isQuick = state.isCalm || Int.random(in: 0..<10, using: &state.random) < 7
            let pause = isQuick ? 0 : Int.random(in: 50...1_200, using: &state.random)
            let answer = mood.answer(pauseMilliseconds: pause)
            state.visits.append(
                Visit(job: job, account: account, at: now, mood: mood, isSuccess: answer.isSuccess))
            return answer
        }
    }

    private func mood(_ account: Int, _ time: Int64) -> Mood {
        weather.first { $0.account == account && $0.from <= time && time < $0.until }?.mood ?? .good
    }

    /// All visits, with what the target knows of each.
    func visits(_ target: FakeTarget) -> [Visit] {
        let (requests, delivered) = (target.requests, target.deliveredAt)
        return zip(state.withLock { $0.visits }, requests).enumerated().map { index, pair in
            var visit = pair.0
            visit.deliveredAt = delivered[index].map { clock.milliseconds($0) }
            visit.engagement = Self.engagement(of: pair.1)
            return visit
        }
    }

    private static func engagement(of request: TargetRequest) -> String {
        ProductReply(status: 0, headers: [], bytes: request.body).object["engagement_id"]?.string ?? ""
    }
}
