import Basics
import Jobs
public import Postgres
import Queue

/// Looks at everything at once.
public struct StatusDesk: Sendable {
    private let queues: QueueDesk
    private let pool: PostgresPool

    /// A ready job that waits longer is a problem, in seconds, unless somebody says otherwise.
    public static let maximumWaitSeconds: Double = 300

    /// A desk over both servers.
    public init(queues: QueueDesk, pool: PostgresPool) {
        self.queues = queues
        self.pool = pool
    }

    /// The system as it is. What is wrong is in it; nothing is thrown.
    public func look(maximumWaitSeconds: Double = StatusDesk.maximumWaitSeconds) async -> StatusResource {
        let postgres = await postgresFailure()
        do throws(QueueError) {
            return StatusResource(
                redis: nil, postgres: postgres, queues: try await queues.queues(), workers: try await queues.workers(),
                maximumWaitSeconds: maximumWaitSeconds)
        } catch {
            return StatusResource(
                redis: error.message, postgres: postgres, queues: [], workers: [],
                maximumWaitSeconds: maximumWaitSeconds)
        }
    }

    private func postgresFailure() async -> String? {
        do throws(JobsError) {
            let pending = try await Migrator(pool: pool).pending()
            return pending.isEmpty ? nil : "the schema is older than this release: run aventora migrate"
        } catch {
            return error.description
        }
    }
}
