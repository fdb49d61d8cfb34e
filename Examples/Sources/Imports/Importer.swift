public import Queue

/// Where the rows go.
public protocol RowStore: Sendable {
    /// Writes a page unless one with a higher fence was there before: a worker that comes back from the dead writes
    /// nothing over what its successor wrote.
    func write(page: Int, of file: String, fence: Int64) async throws

    /// Takes back what was written of a file.
    func remove(_ file: String) async
}

/// Runs the jobs.
public struct Importer: Sendable {
    private let store: any RowStore

    public init(store: any RowStore) {
        self.store = store
    }

    public var registry: JobRegistry {
        var registry = JobRegistry()
        registry.register(ImportFile.self, run: run)
        registry.register(AnnounceImport.self) { _, _ in .done() }
        return registry
    }

    private func run(_ job: ImportFile, _ context: RunningJob) async throws -> JobOutcome {
        var job = job
        do {
            while job.nextPage < job.pages {
                try await store.write(page: job.nextPage, of: job.file, fence: context.fence)
                job.nextPage += 1
                try await context.keep(job)
            }
        } catch {
            if context.stopReason == .cancelled { await store.remove(job.file) }
            throw error
        }
        return .done(then: [try context.follower(AnnounceImport(file: job.file))])
    }
}
