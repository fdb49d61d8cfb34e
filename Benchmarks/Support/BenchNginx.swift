import Command
import Foundation

/// A local nginx that answers every request with 200 and no body: one process, kept connections, no log.
struct BenchNginx: Sendable {
    let port: UInt16
    let program: RunningProgram

    var url: String { "http://127.0.0.1:\(port)/hook" }

    /// Debian keeps it where only root's `PATH` leads.
    static var path: String? {
        ["/usr/sbin/nginx", "/usr/local/sbin/nginx"].first(where: FileManager.default.isExecutableFile(atPath:))
            ?? ProgramRun.find("nginx")
    }

    /// Starts one, hands it to `body` and ends it, whatever happens.
    static func with<Value: Sendable>(
        _ options: BenchOptions, _ body: (BenchNginx) async throws -> Value
    ) async throws -> Value {
        guard let path else { throw BenchError("nginx is not installed (apt-get install nginx-light)") }
        let directory = "\(options.directory)/nginx"
        try PrivateFile.makeDirectory(directory)
        let port = try LoopbackPort.free()
        let configuration = "\(directory)/nginx.conf"
        try PrivateFile.write(text(port: port, directory: directory), to: configuration)
        let program = try await ProgramRun(
            path, ["-e", "stderr", "-c", configuration], limit: .seconds(3_600), log: "\(directory)/nginx.log"
        ).start()
        do {
            try await BenchProgram.waitUntilReady(program, port: port, path: "/status")
            let value = try await body(BenchNginx(port: port, program: program))
            await program.stop()
            return value
        } catch {
            await program.kill()
            throw error
        }
    }

    private static func text(port: UInt16, directory: String) -> String {
        let folders = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map { "\($0)_temp_path \(directory)/\($0);" }
        return """
            daemon off; master_process off; worker_processes 1; pid \(directory)/nginx.pid; error_log stderr warn;
            events { worker_connections 8192; }
            http {
              access_log off; keepalive_requests 1000000000; \(folders.joined(separator: " "))
              server {
                listen 127.0.0.1:\(port) backlog=4096;
                location = /status { stub_status; }
                location / { return 200; }
              }
            }

            """
    }

    /// What it has seen since its start.
    struct Totals: Sendable {
        var connections = 0
        var requests = 0
    }

    /// Asks it; the question itself is counted too.
    func totals() async throws -> Totals {
        let reply = try await LoopbackHTTP(port: port).send(SampleRequest(method: "GET", path: "/status"))
        // The third line: accepted, handled, requests.
        let lines = String(decoding: reply.body, as: UTF8.self).split(whereSeparator: \.isNewline)
        let numbers = lines.count > 2 ? lines[2].split(separator: " ").compactMap { Int($0) } : []
        guard numbers.count == 3 else { throw BenchError("nginx does not say what it has seen") }
        return Totals(connections: numbers[0], requests: numbers[2])
    }
}
