import ArgumentParser
import Basics
import Day
import Glibc
import Program
import UnixSignals

/// `aventora-peers day`.
struct DayCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "day",
        abstract: "Play a day against a running system, and compare what came of it with what was sent.",
        discussion: """
            A workspace is provisioned and gets its Hub and its members; people are called, in the morning and in the \
            afternoon; TIPS is synced; the CRM has people engaged; an operator sends something again. Exit code 1 when \
            anything is lost, doubled or wrong in the end. The system has to run with the played peers, as aventora dev \
            --with-peers does: dev.env says where.
            """
    )

    @Option(help: ArgumentHelp("File of KEY=value lines; the environment wins over it.", valueName: "file"))
    var envFile: String?

    @Flag(help: "Have each of the played systems fail for a while.")
    var failing = false

    @Option(help: ArgumentHelp("People who are called, each twice; 50 to 9000.", valueName: "n"))
    var contacts = 100

    @Option(help: ArgumentHelp("Changes of each call's log, 4 to 500.", valueName: "n"))
    var updates = 25

    @Option(help: ArgumentHelp("How long the changes of a call take to come.", valueName: "s"))
    var callSeconds = 6

    @Option(help: ArgumentHelp("Agents of TIPS, 1 to 20.", valueName: "n"))
    var agents = 10

    @Option(help: ArgumentHelp("Clients of each of them, 20 to 10000.", valueName: "n"))
    var clients = 500

    @Flag(help: "Answer in JSON: a line for each step, and one for the end.")
    var json = false

    func validate() throws {
        let numbers = [
            (contacts, 50...9_000, "--contacts"), (updates, 4...500, "--updates"),
            (callSeconds, 0...3_600, "--call-seconds"),
            (agents, 1...20, "--agents"), (clients, 20...10_000, "--clients"),
        ]
        for (number, range, name) in numbers where !range.contains(number) {
            throw ValidationError("\(name): \(range.lowerBound) to \(range.upperBound) are allowed")
        }
    }

    func run() async throws {
        let (envFile, failing, size, json) = (envFile, failing, size, json)
        await ProgramMain.run {
            let settings = try DaySettings(try Settings.load(environmentFilePath: envFile))
            var day = Day(settings) { step in
                Self.write(json ? Self.line(["step": .string(step)]) : "day: \(step)")
            }
            (day.size, day.isFailing) = (size, failing)
            let playing = Task { [day] in try await day.play() }
            let signals = await UnixSignalsSequence(trapping: .sigint, .sigterm)
            let watch = Task { for await _ in signals { playing.cancel() } }
            defer { watch.cancel() }
            let report = try await playing.value
            Self.write(json ? Self.line(Self.object(report)) : Self.table(report))
            if !report.isGood { throw ProgramError(.failure, "the day did not end as it was meant to") }
        }
    }

    private var size: DaySize {
        var size = DaySize()
        (size.contacts, size.updates, size.callMilliseconds) = (contacts, updates, Int64(callSeconds) * 1_000)
        (size.agents, size.clients) = (agents, clients)
        return size
    }

    private static let shownLines = 5

    private static func object(_ report: DayReport) -> JSONObject {
        let parts = report.parts.map { part in
            JSONValue.object([
                "part": .string(part.part.rawValue), "expected": .number("\(part.expected)"),
                "found": .number("\(part.found)"), "missing_count": .number("\(part.missing.count)"),
                "unexpected_count": .number("\(part.unexpected.count)"),
                "missing": .array(part.missing.prefix(shownLines).map { .string($0) }),
                "unexpected": .array(part.unexpected.prefix(shownLines).map { .string($0) }),
            ])
        }
        return [
            "ok": .bool(report.isGood), "parts": .array(parts), "pushes": .number("\(report.pushes)"),
            "push_bound": .number("\(report.pushBound)"), "changes": .number("\(report.changes)"),
            "milliseconds": .number("\(report.milliseconds)"),
        ]
    }

    private static func table(_ report: DayReport) -> String {
        func cell(_ text: some CustomStringConvertible, _ width: Int) -> String {
            let text = text.description
            return String(repeating: " ", count: max(0, width - text.count)) + text
        }
        var lines = ["", "part          meant    found  missing  not meant"]
        for part in report.parts {
            let name = part.part.rawValue + String(repeating: " ", count: 12 - part.part.rawValue.count)
            lines.append(
                name + cell(part.expected, 7) + cell(part.found, 9) + cell(part.missing.count, 9)
                    + cell(part.unexpected.count, 11))
            lines += part.missing.prefix(shownLines).map { "    missing:   \($0)" }
            lines += part.unexpected.prefix(shownLines).map { "    not meant: \($0)" }
        }
        lines.append(
            "\(report.changes) changes of logs, \(report.pushes) pushes to the CRM (at most \(report.pushBound) are meant)"
        )
        let verdict = report.isGood ? "all is as it was meant" : "not all is as it was meant"
        lines.append("\(verdict), after \(report.milliseconds / 1_000) s")
        return lines.joined(separator: "\n")
    }

    private static func line(_ object: JSONObject) -> String {
        String(decoding: JSONValue.object(object).encoded(), as: UTF8.self)
    }

    private static func write(_ line: String) {
        DescriptorWriter(descriptor: STDOUT_FILENO).write(line: Array("\(line)\n".utf8))
    }
}
