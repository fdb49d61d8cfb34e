// One thread and poll(2): next to nothing on this side, so that what is measured is the server. A closed loop: each
// connection sends its next request when it has its answer.

import ArgumentParser
import Foundation

/// Sends the same request over several connections for a while, and writes what came back to a file.
struct LoadCommand: AsyncParsableCommand {
    static let name = "load"
    static let bodyVariable = "LOAD_BODY"
    static let tokenVariable = "LOAD_TOKEN"
    static let configuration = CommandConfiguration(
        commandName: name, abstract: "The callers of the accept benchmark; started by it.", shouldDisplay: false)

    @Option var port: UInt16
    @Option var path: String
    @Option var connections: Int
    @Option(help: "Seconds in which answers do not count.") var warmUp: Double
    @Option(help: "Seconds after that.") var seconds: Double
    @Option var output: String

    func run() async throws {
        let environment = ProcessInfo.processInfo.environment
        let body = environment[Self.bodyVariable] ?? ""
        let token = environment[Self.tokenVariable] ?? ""
        let head = """
            POST \(path) HTTP/1.1\r\nHost: 127.0.0.1:\(port)\r\nAuthorization: Bearer \(token)\r\n\
            Content-Type: application/json\r\nContent-Length: \(body.utf8.count)\r\n\r\n
            """
        let request = Array((head + body).utf8)
        var loop = try LoadLoop(port: port, connectionCount: connections, request: request)
        let before = ProcessorTime.seconds
        try loop.run(warmUpSeconds: warmUp, seconds: seconds)
        loop.result.processorSeconds = ProcessorTime.seconds - before
        try loop.result.write(to: output)
    }
}
