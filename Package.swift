// swift-tools-version: 6.2
import PackageDescription

let strict: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .strictMemorySafety(),
    .treatAllWarnings(as: .error),
]

let arguments = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let configuration = Target.Dependency.product(name: "Configuration", package: "swift-configuration")
let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
let httpTypes = Target.Dependency.product(name: "HTTPTypes", package: "swift-http-types")
let hummingbird = Target.Dependency.product(name: "Hummingbird", package: "hummingbird")
let hummingbirdCore = Target.Dependency.product(name: "HummingbirdCore", package: "hummingbird")
let hummingbirdTesting = Target.Dependency.product(name: "HummingbirdTesting", package: "hummingbird")
let inMemoryLogging = Target.Dependency.product(name: "InMemoryLogging", package: "swift-log")
let lifecycle = Target.Dependency.product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let nio = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let nioHTTP1 = Target.Dependency.product(name: "NIOHTTP1", package: "swift-nio")
let nioHTTPTypes = Target.Dependency.product(name: "NIOHTTPTypes", package: "swift-nio-extras")
let nioPosix = Target.Dependency.product(name: "NIOPosix", package: "swift-nio")
let signals = Target.Dependency.product(name: "UnixSignals", package: "swift-service-lifecycle")
let subprocess = Target.Dependency.product(name: "Subprocess", package: "swift-subprocess")
let systemPackage = Target.Dependency.product(name: "SystemPackage", package: "swift-system")

let package = Package(
    name: "aventora-jobs",
    products: [
        .executable(name: "aventora", targets: ["aventora"]),
        .executable(name: "aventora-api", targets: ["aventora-api"]),
        .executable(name: "aventora-scheduler", targets: ["aventora-scheduler"]),
        .executable(name: "aventora-worker", targets: ["aventora-worker"]),
        .library(name: "Jobs", targets: ["Jobs"]),
        // What the fault suite loads into processes whose clock it steps.
        .library(name: "aventora-clock", type: .dynamic, targets: ["CSteppedClock"]),
        // With `Redis`, whose configuration and client the engine's types take.
        .library(name: "Queue", targets: ["Queue", "Redis"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-configuration", from: "1.4.0"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-extras", from: "1.35.2"),
        .package(url: "https://github.com/apple/swift-system", from: "1.8.1"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.2"),
    ],
    targets: [
        // The C libraries: module maps and shims, no logic.
        .systemLibrary(name: "CCurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),
        .systemLibrary(name: "CHiredis", providers: [.apt(["libhiredis-dev"])]),
        .systemLibrary(name: "CPostgres", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),

        // One Swift client each; they know nothing of jobs.
        .target(name: "Threads", swiftSettings: strict),
        .target(name: "Redis", dependencies: ["CHiredis", "Threads", logging], swiftSettings: strict),
        .target(name: "Postgres", dependencies: ["CPostgres", "Threads"], swiftSettings: strict),
        .target(name: "Curl", dependencies: ["CCurl", "Threads"], swiftSettings: strict),

        // The engine.
        .target(
            name: "Queue",
            dependencies: ["Redis", "Threads", logging, lifecycle, signals],
            resources: [
                .embedInCode("Scripts/Doctor/chains.lua"),
                .embedInCode("Scripts/Doctor/examine.lua"),
                .embedInCode("Scripts/Doctor/recount.lua"),
                .embedInCode("Scripts/Doctor/roll.lua"),
                .embedInCode("Scripts/Doctor/sift.lua"),
                .embedInCode("Scripts/Doctor/survey.lua"),
                .embedInCode("Scripts/Doctor/tally.lua"),
                .embedInCode("Scripts/Shared/keys.lua"),
                .embedInCode("Scripts/Shared/lanes.lua"),
                .embedInCode("Scripts/Shared/orders.lua"),
                .embedInCode("Scripts/Shared/queue.lua"),
                .embedInCode("Scripts/beat.lua"),
                .embedInCode("Scripts/cancel.lua"),
                .embedInCode("Scripts/drop.lua"),
                .embedInCode("Scripts/enqueue.lua"),
                .embedInCode("Scripts/flush.lua"),
                .embedInCode("Scripts/forget.lua"),
                .embedInCode("Scripts/leave.lua"),
                .embedInCode("Scripts/log.lua"),
                .embedInCode("Scripts/pace.lua"),
                .embedInCode("Scripts/pause.lua"),
                .embedInCode("Scripts/reap.lua"),
                .embedInCode("Scripts/reconcile.lua"),
                .embedInCode("Scripts/resume.lua"),
                .embedInCode("Scripts/revive.lua"),
                .embedInCode("Scripts/tick.lua"),
                .embedInCode("Scripts/tick_now.lua"),
                .embedInCode("Scripts/track.lua"),
                .embedInCode("Scripts/unlog.lua"),
                .embedInCode("Scripts/work.lua"),
            ],
            swiftSettings: strict
        ),

        // What Aventora does.
        .target(name: "Basics", swiftSettings: strict),
        .target(name: "Guard", dependencies: ["Curl", "Threads"], swiftSettings: strict),
        .target(
            name: "Jobs",
            dependencies: ["Basics", "Curl", "Guard", "Postgres", "Queue", crypto, logging, lifecycle],
            resources: [
                .embedInCode("Store/Migrations/0001_finished_jobs.sql"),
                .embedInCode("Store/Migrations/0002_engagements.sql"),
                .embedInCode("Store/Migrations/0003_outbox.sql"),
                .embedInCode("Store/Migrations/0004_ticks.sql"),
                .embedInCode("Store/Migrations/0005_deliveries.sql"),
                .embedInCode("Store/Migrations/0006_endpoints.sql"),
                .embedInCode("Store/Migrations/0007_superseded.sql"),
                .embedInCode("Store/Migrations/0008_order_by.sql"),
                .embedInCode("Store/Migrations/0009_replays.sql"),
                .embedInCode("Store/Migrations/0010_tips.sql"),
                .embedInCode("Store/Migrations/0011_twenty.sql"),
                .embedInCode("Store/Migrations/0012_hub_backfills.sql"),
                .embedInCode("Store/Migrations/0013_engagement_starts.sql"),
                .embedInCode("Store/Migrations/0014_inbound.sql"),
            ],
            swiftSettings: strict
        ),

        // The programs.
        .target(
            name: "Program",
            dependencies: [
                "Basics", "Guard", "Jobs", "Postgres", "Queue", "Redis", configuration, httpTypes, hummingbird,
                lifecycle, logging, nio, signals,
            ],
            swiftSettings: strict
        ),
        .target(name: "Operator", dependencies: ["Basics", "Jobs", "Postgres", "Queue"], swiftSettings: strict),
        .target(
            name: "API",
            dependencies: [
                "Basics", "Curl", "Guard", "Jobs", "Operator", "Postgres", "Program", "Queue", "Redis", crypto,
                httpTypes, hummingbird, hummingbirdCore, lifecycle, logging, nio, nioHTTP1, nioHTTPTypes,
            ],
            swiftSettings: strict
        ),
        .target(
            name: "Terminal",
            dependencies: [
                "Basics", "Curl", "Guard", "Jobs", "Operator", "Postgres", "Program", "Queue", "Redis", arguments,
                logging,
            ],
            swiftSettings: strict
        ),
        .target(
            name: "Worker",
            dependencies: [
                "Basics", "Curl", "Guard", "Jobs", "Postgres", "Program", "Queue", "Redis", lifecycle, logging,
            ],
            swiftSettings: strict
        ),
        .target(
            name: "Scheduler",
            dependencies: ["Jobs", "Postgres", "Program", "Queue", "Redis", lifecycle, logging],
            swiftSettings: strict
        ),
        .target(
            name: "Command",
            dependencies: ["Basics", "Threads", arguments, logging, signals, subprocess, systemPackage],
            swiftSettings: strict
        ),
        .executableTarget(
            name: "aventora-api",
            dependencies: ["API", "Program", arguments, logging],
            path: "Sources/Programs/api",
            swiftSettings: strict
        ),
        .executableTarget(
            name: "aventora-worker",
            dependencies: ["Program", "Worker", arguments, logging],
            path: "Sources/Programs/worker",
            swiftSettings: strict
        ),
        .executableTarget(
            name: "aventora-scheduler",
            dependencies: ["Program", "Scheduler", arguments, logging],
            path: "Sources/Programs/scheduler",
            swiftSettings: strict
        ),
        .executableTarget(
            name: "aventora-peers",
            dependencies: ["Basics", "Day", "Peers", "Program", arguments, signals],
            path: "Sources/Programs/peers",
            swiftSettings: strict
        ),
        .executableTarget(
            name: "aventora",
            dependencies: ["Command", "Jobs", "Postgres", "Program", "Terminal", arguments],
            path: "Sources/Programs/aventora",
            swiftSettings: strict
        ),
        .executableTarget(
            name: "aventora-bench",
            dependencies: [
                "CCurl", "Command", "Postgres", "Queue", "Redis", arguments, hummingbird, httpTypes, lifecycle, logging,
                nio,
            ],
            path: "Benchmarks",
            exclude: ["peers/requirements.txt", "peers/setup"],
            resources: [
                .embedInCode("peers/arq_peer.py"),
                .embedInCode("peers/bullmq_peer.py"),
                .embedInCode("peers/celery_peer.py"),
                .embedInCode("peers/dramatiq_peer.py"),
                .embedInCode("peers/peer.py"),
                .embedInCode("peers/rq_peer.py"),
                .embedInCode("peers/sidekiq_peer.rb"),
                .embedInCode("peers/streaq_peer.py"),
            ],
            swiftSettings: strict
        ),
        .target(name: "CSteppedClock"),
        .executableTarget(
            name: "aventora-crash",
            dependencies: ["Basics", "Command", "Curl", "Postgres", "Queue", "Redis", "TestKit", arguments, signals],
            path: "Crash",
            swiftSettings: strict
        ),

        // Tests.
        .target(
            name: "Peers",
            dependencies: [
                "Basics", "Curl", "Threads", crypto, httpTypes, hummingbird, hummingbirdCore, lifecycle, logging, nio,
                nioHTTP1,
            ],
            swiftSettings: strict
        ),
        .target(
            name: "Day", dependencies: ["Basics", "Curl", "Jobs", "Peers", "Postgres", "Program"], swiftSettings: strict
        ),
        .target(
            name: "TestKit",
            dependencies: ["Basics", "Command", "Curl", "Postgres", "Redis", "Threads"],
            swiftSettings: strict
        ),
        .testTarget(
            name: "APITests",
            dependencies: [
                "API", "Basics", "Command", "Jobs", "Operator", "Postgres", "Program", "Queue", "Redis", "TestKit",
                httpTypes, hummingbird, hummingbirdCore, inMemoryLogging, lifecycle,
                logging, nio,
                nioHTTP1, nioPosix,
            ],
            swiftSettings: strict
        ),
        .testTarget(name: "BasicsTests", dependencies: ["Basics", "TestKit"], swiftSettings: strict),
        .testTarget(
            name: "CommandTests",
            dependencies: ["aventora", "Basics", "Command", logging, systemPackage],
            resources: [.copy("StandIns")],
            swiftSettings: strict
        ),
        .testTarget(name: "CrashTests", dependencies: ["aventora-crash", "Queue"], swiftSettings: strict),
        .testTarget(name: "CurlTests", dependencies: ["Curl", "TestKit", "Threads"], swiftSettings: strict),
        .testTarget(name: "GuardTests", dependencies: ["Curl", "Guard", "TestKit", "Threads"], swiftSettings: strict),
        .testTarget(
            name: "JobsTests",
            dependencies: [
                "aventora-peers", "Basics", "Command", "Curl", "Guard", "Jobs", "Postgres", "Queue", "Redis", "TestKit",
                crypto, lifecycle, logging,
            ],
            exclude: ["Endpoints/verifiers"],
            swiftSettings: strict
        ),
        .testTarget(
            name: "OperatorTests",
            dependencies: ["Basics", "Jobs", "Operator", "Queue", "Redis", "TestKit"],
            swiftSettings: strict
        ),
        .testTarget(
            name: "PeersTests",
            dependencies: ["aventora-peers", "Basics", "Curl", "Day", "Peers", "TestKit", crypto],
            swiftSettings: strict
        ),
        .testTarget(name: "PostgresTests", dependencies: ["Postgres", "TestKit", "Threads"], swiftSettings: strict),
        .testTarget(
            name: "ProgramTests",
            dependencies: ["Basics", "Guard", "Jobs", "Program", "Queue", configuration, lifecycle, logging],
            swiftSettings: strict
        ),
        .testTarget(name: "RedisTests", dependencies: ["Redis", "TestKit", "Threads", logging], swiftSettings: strict),
        .testTarget(
            name: "QueueTests",
            dependencies: ["Queue", "Redis", "TestKit", "Threads", lifecycle, logging],
            exclude: ["Cron/make_croniter_table.py"],
            resources: [.copy("Cron/Zones"), .copy("Cron/croniter.txt"), .copy("Rolling/Release1")],
            swiftSettings: strict
        ),
        .testTarget(
            name: "SystemTests",
            dependencies: [
                "aventora", "aventora-api", "aventora-peers", "aventora-scheduler", "aventora-worker", "Basics",
                "Command", "Curl", "Jobs", "Postgres", "Redis", "TestKit",
            ],
            exclude: ["inbound"],
            swiftSettings: strict
        ),
        .testTarget(
            name: "TerminalTests",
            dependencies: ["Basics", "Guard", "Jobs", "Operator", "Program", "Queue", "Terminal"],
            swiftSettings: strict
        ),
        .testTarget(name: "ThreadsTests", dependencies: ["Threads"], swiftSettings: strict),
        .testTarget(
            name: "WorkerTests",
            dependencies: ["Curl", "Guard", "Jobs", "Postgres", "Program", "Queue", "Redis", "Worker", logging],
            swiftSettings: strict
        ),
    ]
)

// What runs under the sanitizers: whatever uses C pointers or locks, and nothing that takes minutes to build for it.
if Context.environment["AVENTORA_SANITIZED"] != nil {
    let kept = [
        "Basics", "CCurl", "CHiredis", "CPostgres", "Threads", "Redis", "Postgres", "Curl", "Guard", "Queue", "Command",
        "TestKit", "GuardTests",
        "ThreadsTests", "RedisTests", "PostgresTests", "CurlTests", "QueueTests",
    ]
    package.targets.removeAll { !kept.contains($0.name) }
    package.products.removeAll { $0.name != "Queue" }
}
