import ArgumentParser
import Command
import HTTPTypes
import Hummingbird
import Logging
import NIOCore

/// The bare limit: a Hummingbird route that reads the same body and answers as many bytes; it checks, parses and keeps
/// nothing.
struct BareRouteCommand: AsyncParsableCommand {
    static let name = "bare-route"
    static let configuration = CommandConfiguration(
        commandName: name, abstract: "The bare route of the accept benchmark; started by it.", shouldDisplay: false)

    @Option var port: Int

    private static let answer = """
        {"events":[{"id":"evt_0123456789abcdefghjk","duplicate":false,"jobs":["0123456789abcdefghjk"]}],\
        "durability":"queued"}
        """

    func run() async throws {
        let router = Router()
        router.get("/readyz") { _, _ in HTTPResponse.Status.ok }
        router.post(RouterPath(AcceptLoad.path)) { request, _ in
            let body = try await request.body.collect(upTo: 1_048_576)
            guard body.readableBytes > 0 else { throw HTTPError(.badRequest) }
            return Response(
                status: .accepted, headers: [.contentType: "application/json"],
                body: ResponseBody(byteBuffer: ByteBuffer(string: Self.answer)))
        }
        let application = Application(
            router: router, configuration: .init(address: .hostname("127.0.0.1", port: port)),
            logger: Logger(label: Self.name) { _ in SwiftLogNoOpLogHandler() })
        try await application.runService()
    }
}

/// The bare route under the same load.
struct BareRoute: Sendable {
    let options: BenchOptions

    var contender: Contender {
        Contender(name: "bare Hummingbird route") {
            let port = try LoopbackPort.free()
            let server = try await ProgramRun(
                try ProgramRun.ownPath(), [BareRouteCommand.name, "--port", "\(port)"], limit: .seconds(60),
                log: "\(options.directory)/bare-route.log"
            ).start()
            do {
                try await BenchProgram.waitUntilReady(server, port: port, path: "/readyz")
                let load = AcceptLoad(options: options, port: port, token: "none")
                let readings = try await load.measure(server).readings
                await server.stop()
                return readings
            } catch {
                await server.kill()
                throw error
            }
        }
    }
}
