import Operator

/// Schedules and their ledgers as tables.
enum ScheduleReport {
    static func lines(_ schedules: [ScheduleResource], nowMilliseconds: Int64, width: Int?) -> [String] {
        guard !schedules.isEmpty else { return ["there is no schedule"] }
        var table = Table([
            .text("SCHEDULE"), .text("PATTERN"), .text("ZONE"), .text("NEXT"), .number("LAST"), .text("OUTCOME"),
            .number("LATE"), .text("STATE"), .text("KIND"),
        ])
        table.rows = schedules.map { schedule in
            let last = schedule.lastTick
            return [
                schedule.name, schedule.pattern, schedule.timeZone, HumanTime.time(schedule.nextAt),
                HumanTime.age(of: last?.at, nowMilliseconds: nowMilliseconds), last?.outcome ?? "",
                last.map { late($0) } ?? "", schedule.paused ? "paused" : "open", schedule.kind,
            ]
        }
        return table.lines(width: width)
    }

    static func lines(_ ticks: [TickResource], width: Int?) -> [String] {
        guard !ticks.isEmpty else { return ["no tick is recorded"] }
        var table = Table([
            .text("AT"), .text("OUTCOME"), .number("LATE"), .number("COUNT"), .text("JOB"), .sentence("REASON"),
        ])
        table.rows = ticks.map {
            [HumanTime.time($0.at), $0.outcome, late($0), "\($0.count)", $0.jobID ?? "", $0.reason ?? ""]
        }
        return table.lines(width: width)
    }

    private static func late(_ tick: TickResource) -> String {
        HumanTime.length(seconds: Double(tick.lateMilliseconds) / 1_000)
    }
}
