import Foundation
import Queue
import Receipts

let redis = ProcessInfo.processInfo.environment["REDIS_URL"] ?? "redis://127.0.0.1:6379"
let worker = try JobWorker(
    url: redis,
    registry: ReceiptSender(mailer: PrintingMailer()).registry,
    options: WorkerOptions(concurrency: 50, graceMilliseconds: 10_000))
try await worker.runUntilSignal(schedules: [DailyDigest.schedule()])
