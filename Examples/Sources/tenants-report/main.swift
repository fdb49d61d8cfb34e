import Foundation
import Queue
import Tenants

// One tenant exports a thousand times at once, nine others once a minute. How long does each wait?
let redis = ProcessInfo.processInfo.environment["REDIS_URL"] ?? "redis://127.0.0.1:6379"
let runs = try await QueueSimulation.run(url: redis, concurrency: 10, registry: TenantJobs.registry) { simulation in
    try await simulation.client.setStandardLaneLimits(LaneLimits(inFlight: 5), in: "tenants")
    try await simulation.client.enqueue((1...1_000).map { Export(tenant: "noisy", number: $0) })
    for minute in 1...5 {
        try await simulation.client.enqueue((1...9).map { Export(tenant: "quiet-\($0)", number: minute) })
        try await simulation.advance(byMilliseconds: 60_000)
    }
    return await simulation.runs
}
for (tenant, runs) in Dictionary(grouping: runs, by: \.lane).sorted(by: { $0.key < $1.key }) {
    let waits = runs.map { $0.startMilliseconds - $0.id.createdMilliseconds }
    print("\(tenant): \(runs.count) exports, the longest wait \(waits.max() ?? 0) ms")
}
