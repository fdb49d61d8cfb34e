import Foundation
import Redis

let configuration = try RedisConfiguration(
    url: ProcessInfo.processInfo.environment["REDIS_URL"] ?? "redis://127.0.0.1:6379/0")
for c in [256, 512, 1000] {
    for _ in 0..<3 {
        let result = try await NoopDrain(
            configuration: configuration, jobCount: 200_000, argumentBytes: 200, concurrency: c
        ).run()
        print("c=\(c) enqueue \(Int(200_000 / result.enqueueSeconds))/s drain \(Int(200_000 / result.drainSeconds))/s")
    }
}
