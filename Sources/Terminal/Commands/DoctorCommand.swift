public import ArgumentParser
import Program
import Queue

/// `aventora doctor`
public struct DoctorCommand: AsyncParsableCommand {
    public static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Check everything that is kept in Redis, and repair it.",
        discussion: """
            Works beside running workers and takes about a tenth of the server's time, a minute per million jobs. Without \
            --repair it changes nothing. Exit code 0 when all is well, 1 when something is wrong or still wrong, 69 when \
            Redis is away. docs/doctor.md tells what each finding means.
            """
    )

    @Flag(help: "Put right what can be put right, then look again.")
    var repair = false

    @Option(help: ArgumentHelp("Look at this queue only; may be given several times.", valueName: "name"))
    var queue: [String] = []

    @OptionGroup var options: TerminalOptions

    public init() {}

    public func validate() throws {
        for name in queue where QueueName(name) == nil {
            throw ValidationError("--queue: '\(OneLine.escape(name))' is not the name of a queue")
        }
    }

    public func run() async throws {
        let (repairs, queues) = (repair, queue.compactMap { QueueName($0) })
        await Session.run(options) { session in
            let line = ProgressLine()
            let doctor = QueueDoctor(session.queue)
            let result: Result<DoctorReport, QueueError>
            do throws(QueueError) {
                result = .success(
                    try await doctor.examine(queues.isEmpty ? nil : queues, repairs: repairs) { progress in
                        line.show(Self.text(progress))
                    })
            } catch {
                result = .failure(error)
            }
            line.clear()
            let report = try result.get()
            try session.answer(DoctorResource(report)) { _ in DoctorLines.lines(report, repairs: repairs) }
            guard !report.isWell else { return }
            let wrong = (report.remaining ?? report.findings).filter { $0.severity == .fault }
            let count = wrong.reduce(0) { $0 + $1.count }
            throw ProgramError(
                .failure,
                "\(count) \(count == 1 ? "thing is" : "things are") \(report.remaining == nil ? "" : "still ")wrong")
        }
    }

    private static func text(_ progress: DoctorProgress) -> String {
        let total = progress.total > progress.done ? " of \(progress.total)" : ""
        return "\(progress.queue): \(progress.step), \(progress.done)\(total)"
    }
}
