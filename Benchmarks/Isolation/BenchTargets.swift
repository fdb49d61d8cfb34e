import Command
import Foundation

/// A process of receivers.
struct BenchTargets: Sendable {
    let program: RunningProgram
    /// In the order in which they were asked for.
    let ports: [UInt16]
    private let endPort: UInt16
    private let output: String

    /// - Parameter ports: where they listen; free ones unless given.
    static func start(
        _ manners: [TargetManners], ports given: [UInt16]? = nil, name: String, bomb: String? = nil,
        _ options: BenchOptions
    ) async throws -> BenchTargets {
        let ports = try given ?? manners.map { _ in try LoopbackPort.free() }
        let endPort = try LoopbackPort.free()
        let output = "\(options.directory)/\(name)-targets.json"
        PrivateFile.remove(output)
        let items = zip(manners, ports).map { "\($0.rawValue):\($1)" } + ["\(TargetManners.end.rawValue):\(endPort)"]
        var arguments = [TargetsCommand.name, "--listen", items.joined(separator: ","), "--output", output]
        if let bomb { arguments += ["--bomb", bomb] }
        let program = try await ProgramRun(
            try ProgramRun.ownPath(), arguments, limit: .seconds(30), log: "\(output).log"
        ).start()
        return BenchTargets(program: program, ports: ports, endPort: endPort, output: output)
    }

    func url(_ index: Int) -> String { "http://127.0.0.1:\(ports[index])/hook" }

    /// Ends them; what they got.
    func finish() async throws -> TargetsResult {
        defer { PrivateFile.remove(output) }
        do {
            _ = try await LoopbackHTTP(port: endPort, limitMilliseconds: 200).send(
                SampleRequest(method: "GET", path: "/"))
        } catch {
            // It ends without an answer.
        }
        try await program.waitUntilDone()
        return try JSONDecoder().decode(TargetsResult.self, from: Data(contentsOf: URL(fileURLWithPath: output)))
    }

    /// Ends them, whatever they are doing.
    func kill() async { await program.kill() }
}
