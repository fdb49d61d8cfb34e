import API
import Foundation
import InMemoryLogging
import Logging
import NIOCore
import NIOPosix
import Program
import ServiceLifecycle
import Testing

/// A server of some routes on a free port of the loopback address.
struct TestServer {
    let port: Int
    let group: ServiceGroup
    let log: InMemoryLogHandler

    static let tokens = "reader:read:token-of-reader,all:events+jobs+read+admin:token-of-all"

    /// Runs a server around `body`, then shuts it down gracefully and waits for its end.
    static func run(
        limits: HTTPLimits = HTTPLimits(),
        _ addRoutes: (inout RouteTable) -> Void,
        _ body: (TestServer) async throws -> Void,
    ) async throws {
        var routes = RouteTable()
        addRoutes(&routes)
        let log = InMemoryLogHandler()
        let logger = Logger(label: "test") { _ in log }
        let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let tokens = try TokenStore(AccessToken.parse(Self.tokens, source: "API_TOKENS"))
        let (ports, continuation) = AsyncStream<Int>.makeStream()
        let service = HTTPServer.make(
            responder: routes.makeResponder(
                authenticator: Authenticator(tokens: tokens), limits: limits, logger: logger),
            address: ListenAddress(host: "127.0.0.1", port: 0),
            limits: limits,
            logger: quiet,
            onListening: { continuation.yield($0) },
        )
        let group = ServiceGroup(services: [service], logger: quiet)
        let running = Task { try await group.run() }
        var iterator = ports.makeAsyncIterator()
        let port = try #require(await iterator.next())
        do {
            try await body(TestServer(port: port, group: group, log: log))
        } catch {
            await group.triggerGracefulShutdown()
            throw error
        }
        await group.triggerGracefulShutdown()
        try await running.value
    }

    /// Sends `text` as it is and returns everything until the server closes.
    func exchange(_ text: String) async throws -> String {
        try await connect { connection in
            try await connection.send(text)
            return try await connection.readToEnd()
        }
    }

    /// Sends one request with `Connection: close` and returns the answer.
    func request(_ method: String, _ path: String, _ fields: [String] = [], body: String = "") async throws -> Answer {
        var fields = ["Host: test", "Connection: close"] + fields
        if !body.isEmpty { fields.append("Content-Length: \(body.utf8.count)") }
        return Answer(
            try await exchange("\(method) \(path) HTTP/1.1\r\n\(fields.joined(separator: "\r\n"))\r\n\r\n\(body)"))
    }

    func connect<Value>(_ body: (inout Connection) async throws -> Value) async throws -> Value {
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelOption(ChannelOptions.allowRemoteHalfClosure, value: true)
            .connect(host: "127.0.0.1", port: port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try NIOAsyncChannel<ByteBuffer, ByteBuffer>(
                        wrappingChannelSynchronously: channel,
                        configuration: .init(isOutboundHalfClosureEnabled: true),
                    )
                }
            }
        return try await channel.executeThenClose { inbound, outbound in
            var connection = Connection(inbound: inbound.makeAsyncIterator(), outbound: outbound)
            return try await body(&connection)
        }
    }
}

/// A plain TCP connection.
struct Connection {
    var inbound: NIOAsyncChannelInboundStream<ByteBuffer>.AsyncIterator
    let outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>

    func send(_ text: String) async throws {
        try await outbound.write(ByteBuffer(string: text))
    }

    mutating func readToEnd() async throws -> String {
        try await read { _ in false }
    }

    /// Reads until the text received contains `end`.
    mutating func read(until end: String) async throws -> String {
        try await read { $0.contains(end) }
    }

    private mutating func read(_ isEnough: (String) -> Bool) async throws -> String {
        var text = ""
        while !isEnough(text), let buffer = try await inbound.next(isolation: #isolation) {
            text += String(buffer: buffer)
        }
        return text
    }
}

/// An answer, taken apart.
struct Answer {
    let status: Int
    let fields: [String: String]
    let body: String

    init(_ text: String) {
        let parts = text.components(separatedBy: "\r\n\r\n")
        let lines = (parts.first ?? "").components(separatedBy: "\r\n")
        status = Int(lines[0].split(separator: " ").dropFirst().first ?? "") ?? 0
        var fields: [String: String] = [:]
        for line in lines.dropFirst() {
            let pair = line.split(separator: ":", maxSplits: 1)
            fields[pair[0].lowercased()] = pair[1].drop { $0 == " " }.description
        }
        self.fields = fields
        body = parts.dropFirst().joined(separator: "\r\n\r\n")
    }
}
