/// What of the product is started, and how.
package struct ProductOptions: Sendable {
    /// How many workers; named `worker-1` and so on.
    package var workers: Int
    /// Whether a scheduler runs.
    package var hasScheduler = true
    /// Variables of every program, over the kit's own.
    package var environment: [String: String]
    /// A server of its own instead of the shared one, because the test kills it.
    package var ownsPostgres = false

    /// Options with their defaults.
    package init(workers: Int = 1, environment: [String: String] = [:]) {
        self.workers = workers
        self.environment = environment
    }
}
