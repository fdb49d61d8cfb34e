import Basics
import TestKit
import Testing

extension SystemTests {
    /// Targets that do not answer, or not as they should. They share one product, whose time-out is short.
    @Suite(.product(["CRM_WEBHOOK_TIMEOUT_SECONDS": "1"]))
    struct TroubleTests {
        private let product: Product

        init() throws { product = try currentProduct() }

        /// How a target can fail to answer, and how the reason begins.
        enum Trouble: String, CaseIterable, Sendable {
            case refused, reset, close, hang, garbage, dripHead

            var answer: TargetAnswer {
                switch self {
                case .refused, .reset: .reset
                case .close: .close
                case .hang: .hang
                case .garbage: .garbage
                case .dripHead: .dripHead
                }
            }

            var reason: String {
                switch self {
                case .refused: "connection"
                case .reset, .close: "reset"
                case .hang, .dripHead: "timeout"
                case .garbage: "garbage"
                }
            }
        }

        @Test(arguments: Trouble.allCases)
        func brokenTargetGetsAllAttemptsAndIsRetriedOnRequest(trouble: Trouble) async throws {
            let target = try FakeTarget(then: trouble.answer, isListening: trouble != .refused)
            let account = try await product.makeAccount(target)
            let id = try await product.client.acceptOne(Samples.completed("e-5", of: account))
            let job = try await product.client.job(id, toBe: "dead")
            let before = target.requests
            // A machine too busy to wait for an answer spends no attempt on it.
            let unspent = Int(job["deferrals"]?.integer ?? 0)
            #expect(before.count == (trouble == .refused ? 0 : 3 + unspent))
            #expect(job["attempts"]?.integer == 3)
            let reason = try #require(job["reason"]?.string)
            #expect(reason.hasPrefix(trouble.reason) && reason.hasSuffix("at attempt 3 of 3"), "\(reason)")
            #expect(try await product.client.dead("?target=twenty&limit=200").contains { $0["id"]?.string == id })
            // The target is well again.
            target.answer(then: .status(200))
            if trouble == .refused { try target.listen() }
            #expect(try await product.client.retryDead([id]) == 1)
            let done = try await product.client.job(id, toBe: "done")
            #expect(done["attempts"]?.integer == 1)
            let after = target.requests
            #expect(after.count == before.count + 1)
            #expect(Set(after.map(\.body)).count == 1)
            #expect(Set(after.map(\.headerLines)).count == 1)
            #expect(try await product.client.dead("?id=\(id)").isEmpty)
        }

        @Test func answerThatNeverEndsCountsByItsStatus() async throws {
            let target = try FakeTarget(answers: [.drip(status: 500)], then: .drip(status: 200))
            let account = try await product.makeAccount(target)
            let id = try await product.client.acceptOne(Samples.completed("e-6", of: account))
            let job = try await product.client.job(id, toBe: "done")
            #expect(job["attempts"]?.integer == 2)
            #expect(target.requests.count == 2 + Int(job["deferrals"]?.integer ?? 0))
        }
    }
}
