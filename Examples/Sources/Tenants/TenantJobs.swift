public import Queue

/// The handlers of these jobs.
public enum TenantJobs {
    public static let registry: JobRegistry = {
        var registry = JobRegistry()
        registry.register(Export.self) { _, context in
            // Stands for a second's work; by the context's clock, so that a simulation need not wait for it.
            try await context.clock.sleep(milliseconds: 1_000)
            return .done()
        }
        registry.register(Reindex.self) { _, _ in .done() }
        // The site is away at the first try of the first revision.
        registry.register(Publish.self) { publish, context in
            publish.revision == 1 && context.attempt == 1 ? .retry(reason: "the site is away") : .done()
        }
        return registry
    }()
}
