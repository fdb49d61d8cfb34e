import Jobs
import Logging
import Program
import Testing

@testable import Queue
@testable import Worker

struct RegistryTests {
    /// What is shown of the kinds, and what a job by hand is checked against, is what the workers run.
    @Test func theCatalogueIsWhatTheWorkersRun() async throws {
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let configuration = try WorkerConfiguration(Settings(environment: [:]))
        let resources = WorkerResources(configuration, logger: logger)
        let registry = WorkerProgram.registry(configuration, resources, logger)
        let catalogue = KindCatalogue.standard(pushRetry: configuration.retry)
        #expect(registry.kinds == catalogue.kinds.map(\.name))
        for kind in catalogue.kinds {
            #expect(registry[kind.name]?.leavesTrace == kind.leavesTrace, "\(kind.name)")
            let limit = kind.timeLimitMilliseconds ?? Limits.standardTimeLimitMilliseconds
            #expect(registry[kind.name]?.timeLimitMilliseconds == limit, "\(kind.name)")
        }
        await resources.close()
    }
}
