// swift-tools-version: 6.2
import PackageDescription

// What somebody else's package looks like who uses the engine: it depends on the product `Queue` and on nothing else.
let queue = Target.Dependency.product(name: "Queue", package: "aventora-jobs")

let package = Package(
    name: "examples",
    dependencies: [.package(name: "aventora-jobs", path: "..")],
    targets: [
        // The smallest program.
        .executableTarget(name: "hello", dependencies: [queue]),

        // A job with retries, a unique key, a time limit and an earlier version; its worker and its producer.
        .target(name: "Receipts", dependencies: [queue]),
        .executableTarget(name: "receipts-worker", dependencies: [queue, "Receipts"]),
        .executableTarget(name: "receipts-producer", dependencies: [queue, "Receipts"]),
        .testTarget(name: "ReceiptsTests", dependencies: [queue, "Receipts"]),

        // Lanes and debounce: a noisy tenant and a quiet one, in simulated time.
        .target(name: "Tenants", dependencies: [queue]),
        .executableTarget(name: "tenants-report", dependencies: [queue, "Tenants"]),
        .testTarget(name: "TenantsTests", dependencies: [queue, "Tenants"]),

        // A long job: progress that is kept, a follower, the fence, and what to do when it is stopped.
        .target(name: "Imports", dependencies: [queue]),
        .testTarget(name: "ImportsTests", dependencies: [queue, "Imports"]),

        // The code in docs/library.md is the code here.
        .testTarget(name: "ArticleTests"),
    ]
)
