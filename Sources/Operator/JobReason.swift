import Basics
import Jobs
import Queue

/// Why a job is not running now, in a sentence; of one that runs, by whom.
struct JobReason {
    let view: JobView
    let nowMilliseconds: Int64

    /// Of a job that Redis holds.
    var sentence: String {
        switch view.obstacle {
        case nil: plain
        case .paused(let since): "its queue \(view.queue) is paused, since \(time(since))"
        case .notDue(let until): "it waits for its time, \(when(until))\(after)"
        case .parked(let until):
            "it is parked for a worker of another release\(until.map { ", until \(when($0))" } ?? ""): \(parkedReason)"
        case .follows(let job): "it waits for the end of job \(job), which has the same debounce key and runs"
        case .behind(let ahead, let first):
            "it is behind \(ahead == 1 ? "1 job" : "\(ahead) jobs") of its order key \(view.envelope.options.orderKey ?? "")"
                + (first.map { "; it is the turn of job \($0)" } ?? "") + own
        case .noWorker: "no live worker serves its queue \(view.queue)"
        case .inLine(let ahead, let isAtLeast): inLine(ahead, isAtLeast)
        case .laneFull(let running, let limit, let ahead, let isAtLeast):
            "\(lane) is limited: \(running) of at most \(limit) run at a time, and \(count(ahead, isAtLeast)) before it"
        case .laneHeld(let until, let ahead, let isAtLeast):
            "\(lane) is limited until \(when(until)), and \(count(ahead, isAtLeast)) before it\(after)"
        case .breakerOpen(let until, let ahead, let isAtLeast):
            "the breaker of \(lane) is open\(until.map { " until " + when($0) } ?? ", and one job at a time is tried")"
                + " because its jobs failed, and \(count(ahead, isAtLeast)) before it\(after)"
        case .running(let worker, let since, let isCancelling):
            "it is running: worker \(worker) holds it since \(time(since)) (\(length(nowMilliseconds - since)))"
                + (isCancelling ? ", and is being told to stop it" : "")
        case .dead: plain
        }
    }

    /// Of a job that has ended.
    static func sentence(_ finished: FinishedJob) -> String {
        switch finished.state {
        case .done: "it is done"
        case .dead: "it is dead, and no longer in the dead set: \(finished.error ?? "no reason kept")"
        case .cancelled: "it was cancelled" + (finished.note.map { ": \($0)" } ?? "")
        }
    }

    /// What the state alone tells.
    private var plain: String {
        switch view.state {
        case .ready: "it waits in line for a free worker"
        case .running: "it is running"
        case .dead: "it is dead because of: \(view.lastError?.message ?? "no reason kept")"
        case .done: "it is done"
        case .cancelled: "it was cancelled"
        case .due: "it waits for its time"
        }
    }

    private var lane: String { "its lane \(view.envelope.lane)" }

    private var parkedReason: String {
        guard let message = view.lastError?.message else { return "this release cannot read it" }
        let mark = "parked: "
        return message.hasPrefix(mark) ? String(message.dropFirst(mark.count)) : message
    }

    /// Its own time, which is not why it waits.
    private var own: String { view.atMilliseconds.map { ", and not before \(time($0))" } ?? "" }

    /// What put it off.
    private var after: String { view.lastError.map { ", after: \($0.message)" } ?? "" }

    private func inLine(_ ahead: Int, _ isAtLeast: Bool) -> String {
        guard ahead > 0 else {
            let line = view.envelope.lane.isEmpty ? "in line" : "of \(lane)"
            return "it is the next \(line), for a worker that is free"
        }
        let line = view.envelope.lane.isEmpty ? "in line" : "in \(lane)"
        return "it waits \(line): \(count(ahead, isAtLeast)) before it"
    }

    private func count(_ ahead: Int, _ isAtLeast: Bool) -> String {
        ahead == 1 && !isAtLeast ? "1 job is" : "\(isAtLeast ? "at least " : "")\(ahead) are"
    }

    private func when(_ milliseconds: Int64) -> String {
        let left = milliseconds - nowMilliseconds
        return left > 0 ? "\(time(milliseconds)) (in \(length(left)))" : "\(time(milliseconds)) (any moment now)"
    }

    private func time(_ milliseconds: Int64) -> String { Timestamp(milliseconds: milliseconds).iso8601 }

    private func length(_ milliseconds: Int64) -> String {
        let tenths = max(0, milliseconds) / 100
        return tenths % 10 == 0 || tenths >= 100 ? "\(tenths / 10) s" : "\(tenths / 10).\(tenths % 10) s"
    }
}
