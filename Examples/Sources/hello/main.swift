import Foundation
import Queue

struct Greet: Job {
    static let definition = JobDefinition("greet")
    let name: String
}

let redis = ProcessInfo.processInfo.environment["REDIS_URL"] ?? "redis://127.0.0.1:6379"

let client = try QueueClient(url: redis)
try await client.enqueue(Greet(name: "world"))

var registry = JobRegistry()
registry.register(Greet.self) { job, context in
    FileHandle.standardOutput.write(Data("Hello, \(job.name)! Attempt \(context.attempt).\n".utf8))
    return .done()
}
try await JobWorker(url: redis, registry: registry).runUntilSignal()
