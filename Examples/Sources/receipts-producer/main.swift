import Foundation
import Queue
import Receipts

let redis = ProcessInfo.processInfo.environment["REDIS_URL"] ?? "redis://127.0.0.1:6379"
let client = try QueueClient(url: redis)

let receipt = SendReceipt(order: 1001, address: "ada@example.com")
let first = try await client.enqueue(receipt)
let again = try await client.enqueue(receipt)
print("\(first.id), and again \(again.id): \(again.isDuplicate ? "the same job" : "another job")")

let later = SendReceipt(order: 1002, address: "grace@example.com", language: "de")
try await client.enqueue(later, delayMilliseconds: 60_000)
await client.shutdown()
