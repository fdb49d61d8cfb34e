import Basics
import Command
import Jobs
import Logging
import Postgres
import Redis
import Synchronization
import TestKit
import Testing

@testable import API
@testable import Queue

/// `POST /v1/events` while as many jobs wait in the queue `hub` as it may hold. No variable makes that fewer than ten million,
/// so the parts of the programs run in this process, over real servers.
@Suite(.timeLimit(.minutes(1)))
struct FullHubTests {
    private static let fields = ["Authorization: Bearer token-of-all", "Content-Type: application/json"]
    private static let silent = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    private static let waiting = PostgresStatement(
        "t_waiting", "SELECT count(*) AS n FROM jobs.outbox WHERE relayed_at IS NULL")

    /// What there is of the system: a queue that holds two jobs, and an outbox.
    private struct Bench {
        let server: TestServer
        let configuration: RedisConfiguration
        let namespace: String
        let queue: QueueClient
        let pool: PostgresPool

        func waitingCount() async throws -> Int64 {
            try await pool.query(FullHubTests.waiting)[0].integer("n")
        }

        /// The job of an event of this workspace, and whether the event had come before.
        func post(_ workspace: String) async throws -> (job: String, isDuplicate: Bool) {
            let event =
                #"{"id":"e-\#(workspace)","type":"workspace.provisioned","domain_name":"d","workspace_id":"\#(workspace)"}"#
            let answer = try await server.request("POST", "/v1/events", FullHubTests.fields, body: event)
            #expect(answer.status == 202, "\(answer.body)")
            let reply = try JSONParser.parse(Array(answer.body.utf8)).object
            let item = try #require(reply?["events"]?.array?.first?.object)
            #expect(item["jobs"]?.array?.count == 1, "\(answer.body)")
            return (item["jobs"]?.array?.first?.string ?? "", item["duplicate"] == .bool(true))
        }

        /// Relays and works until the outbox is empty and so many jobs have run; by job, its workspaces.
        func work(until count: Int) async throws -> [(job: String, arguments: String)] {
            let ran = Mutex<[(job: String, arguments: String)]>([])
            let handler = JobHandler(kind: JobKind.hubProvision, queue: JobQueue.hub, leavesTrace: true) { job in
                ran.withLock { $0.append((job.id.description, String(decoding: job.arguments, as: UTF8.self))) }
                return .done()
            }
            let worker = JobWorker(
                configuration: configuration, options: WorkerOptions(queues: [JobQueue.hub], namespace: namespace),
                registry: JobRegistry([handler]), logger: FullHubTests.silent)
            let relay = OutboxRelay(
                queue: queue, store: OutboxStore(pool: pool), listener: nil, logger: FullHubTests.silent)
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await worker.run() }
                group.addTask { try await relay.run() }
                let result: Result<Void, any Error>
                do {
                    try await Waiting.until("\(count) jobs to run", seen: { "\(ran.withLock { $0 })" }) {
                        let isRelayed = try await waitingCount() == 0
                        let status = try await queue.status(of: [JobQueue.hub], nowMilliseconds: 0)[0]
                        let isIdle = status.ready + status.due + status.running == 0
                        return isRelayed && isIdle && ran.withLock { $0.count } >= count
                    }
                    result = .success(())
                } catch {
                    result = .failure(error)
                }
                group.cancelAll()
                try await group.waitForAll()
                try result.get()
            }
            return ran.withLock { $0 }
        }
    }

    private func run(_ body: (Bench) async throws -> Void) async throws {
        let configuration = try await TestRedis.configuration()
        try await TestPostgres.withShared {
            let redis = RedisClient(configuration: configuration, name: "test")
            let server = try #require(TestPostgres.shared)
            let pool = PostgresPool(configuration: try PostgresConfiguration(url: server.url), size: 4)
            let namespace = TestRedis.makeNamespace()
            let queue = QueueClient(redis: redis, namespace: namespace, maximumQueueLength: 2)
            let durable = DurableQueue(
                queue: queue, fsynced: FsyncedQueue(redis: redis, namespace: namespace),
                outbox: OutboxStore(pool: pool), logger: Self.silent)
            let result: Result<Void, any Error>
            do {
                _ = try await Migrator(pool: pool).run()
                let routes = EventRoutes(
                    intake: Self.intake(durable, pool), durability: .queued, maximumBodyBytes: 1_048_576)
                try await TestServer.run({ routes.add(to: &$0) }) { server in
                    try await body(
                        Bench(
                            server: server, configuration: configuration, namespace: namespace, queue: queue, pool: pool
                        ))
                }
                result = .success(())
            } catch {
                result = .failure(error)
            }
            durable.shutDown()
            await redis.shutdown()
            await pool.shutdown()
            try result.get()
        }
    }

    private static func intake(_ durable: DurableQueue, _ pool: PostgresPool) -> EventIntake {
        EventIntake(
            queue: durable,
            targets: TargetDirectory(
                settings: TargetSettings(), accounts: HubStore(pool: pool), clock: SystemMonotonicClock(),
                logger: silent),
            endpoints: EndpointDirectory(store: EndpointStore(pool: pool), listener: nil, logger: silent),
            retry: JobPolicy.internalWork, calls: .standard,
            hub: HubProvisioning(isEnabled: true, callback: nil, fullDelayMilliseconds: 0), bootstraps: nil,
            clock: SystemWallClock())
    }

    /// The poster never hears of it: the jobs wait in the outbox, and each workspace is set up once.
    @Test func aFullQueueIsNothingThatThePosterHasToKnow() async throws {
        try await run { bench in
            let workspaces = (0..<7).map { "w-\($0)" }
            var jobs: [String: String] = [:]
            for workspace in workspaces {
                let (job, isDuplicate) = try await bench.post(workspace)
                #expect(!isDuplicate)
                jobs[workspace] = job
            }
            #expect(Set(jobs.values).count == 7)
            #expect(try await bench.waitingCount() == 5)
            // The same events again, whether their jobs wait in Redis or in the outbox; and once more when they are done.
            for workspace in workspaces {
                #expect(try await bench.post(workspace) == (try #require(jobs[workspace]), true))
            }
            #expect(try await bench.waitingCount() == 5)
            let ran = try await bench.work(until: 7)
            #expect(ran.map(\.job).sorted() == jobs.values.sorted())
            for (workspace, job) in jobs {
                let arguments = ran.filter { $0.job == job }.map(\.arguments)
                #expect(arguments == [#"{"action":"full","workspaceId":"\#(workspace)","domainName":"d"}"#])
                #expect(try await bench.post(workspace) == (job, true))
            }
            #expect(try await bench.queue.status(of: [JobQueue.hub], nowMilliseconds: 0)[0].ready == 0)
        }
    }
}
