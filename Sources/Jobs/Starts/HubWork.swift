import Basics
import Queue

/// What becomes of a job that works with the Hub when something fails.
enum HubWork {
    /// How long a job waits while Postgres is away, in ms; free.
    private static let faultPauseMilliseconds: Int64 = 1_000

    /// The outcome for what a call, a store or the keyring threw.
    ///
    /// - Throws: what it does not know.
    static func outcome(of error: any Error) throws -> JobOutcome {
        switch error {
        case let error as ServiceError: return error.outcome
        case let error as JobsError:
            guard error.isRetriable else { return .retry(reason: "\(error)") }
            return .defer(milliseconds: faultPauseMilliseconds, reason: error.message)
        case let error as SecretsError: return .retry(reason: "\(error)")
        case let error as PersonLookupFailure: return error.outcome
        default: throw error
        }
    }

    /// Runs a handler's body; errors of the stores become outcomes.
    static func guarding(_ body: () async throws -> JobOutcome) async throws -> JobOutcome {
        do { return try await body() } catch { return try outcome(of: error) }
    }

    /// One text of a job's arguments.
    static func text(_ key: String, of arguments: [UInt8]) -> String? {
        do { return try JSONObject.posted(arguments, "The arguments")[key]?.string } catch { return nil }
    }
}

extension JobOutcome {
    /// Why it did not work; nil when it did.
    var reason: String? {
        switch self {
        case .done: nil
        case .retry(let reason, _, _), .defer(_, let reason, _), .bury(let reason): reason
        }
    }

    /// Whether nobody will try again.
    func isFinal(on job: RunningJob) -> Bool {
        switch self {
        case .bury: true
        case .retry: job.isLastAttempt
        case .done, .defer: false
        }
    }
}
