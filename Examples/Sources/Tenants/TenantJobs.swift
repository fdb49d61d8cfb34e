public import Queue

/// The handlers of both jobs.
public enum TenantJobs {
    public static let registry: JobRegistry = {
        var registry = JobRegistry()
        registry.register(Export.self) { _, context in
            // Stands for a second's work; by the context's clock, so that a simulation need not wait for it.
            try await context.clock.sleep(milliseconds: 1_000)
            return .done()
        }
        registry.register(Reindex.self) { _, _ in .done() }
        return registry
    }()
}
