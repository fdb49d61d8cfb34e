// nginx with TLS, and a certificate authority of the tests' own, made by the openssl command.

import Command
import Foundation

/// An nginx process with one TLS port for each kind of certificate. Ended by ``stop()``.
package final class SecureServer {
    /// What is wrong with a port's certificate, if anything, or what it demands.
    package enum Kind: String, CaseIterable, Sendable { case good, expired, wrongHost, clientCertificate, oldProtocol }

    /// PEM.
    package let authority: [UInt8]
    package let clientCertificate: [UInt8]
    package let clientKey: [UInt8]
    private let directory: URL
    private let ports: [Kind: UInt16]
    private let process = SpawnedProcess()

    /// An address of that port. `/slow` answers with one byte a second.
    package func url(_ kind: Kind, _ path: String = "/") -> String { "https://127.0.0.1:\(ports[kind] ?? 0)\(path)" }

    /// Starts it; listening when it returns.
    package init() throws {
        directory = URL(fileURLWithPath: TestFolders.make("tls"))
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        let maker = CertificateMaker(directory: directory)
        try maker.makeAuthority()
        try maker.make("good", names: "IP:127.0.0.1,DNS:localhost", days: 2)
        try maker.make("expired", names: "IP:127.0.0.1", days: -1)
        try maker.make("wrong", names: "DNS:example.com", days: 2)
        try maker.make("client", names: "DNS:client", days: 2)
        authority = try maker.bytes("ca.pem")
        clientCertificate = try maker.bytes("client.pem")
        clientKey = try maker.bytes("client.key")
        ports = Dictionary(uniqueKeysWithValues: try Kind.allCases.map { ($0, try LoopbackPort.free()) })
        try start()
    }

    /// Whether this machine has nginx and openssl.
    package static var isPossible: Bool {
        ["/usr/sbin/nginx", "/usr/bin/openssl"].allSatisfy(FileManager.default.isExecutableFile)
    }

    /// Ends the process and removes its files.
    package func stop() {
        process.send(SIGTERM)
        process.waitUntilExit()
        try? FileManager.default.removeItem(at: directory)
    }

    private func start() throws {
        let servers = [
            server(.good, "good"), server(.expired, "expired"), server(.wrongHost, "wrong"),
            server(.clientCertificate, "good", "ssl_verify_client on; ssl_client_certificate \(path("ca.pem"));"),
            server(.oldProtocol, "good", "ssl_protocols TLSv1.1; ssl_ciphers ALL:@SECLEVEL=0;"),
        ]
        let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .map { "\($0)_temp_path \(path("tmp"));" }.joined(separator: " ")
        let configuration = """
            daemon off; worker_processes 1; pid \(path("nginx.pid")); error_log stderr notice;
            events { worker_connections 1024; }
            http { access_log off; \(temporary)
            server { listen unix:\(path("plain"));
              location / { return 200 "$request_method $http_x_protocol $http_x_mark"; }
              location /slow { limit_rate 1; return 200 "does not end within a test"; } }
            \(servers.joined(separator: "\n")) }
            """
        try Data(configuration.utf8).write(to: directory.appending(path: "nginx.conf"))
        process.executable = "/usr/sbin/nginx"
        process.arguments = ["-e", "stderr", "-c", path("nginx.conf")]
        let output = try process.openError()
        try process.run()
        // The sockets listen before the workers start.
        var log = ""
        while !log.contains("start worker process ") {
            let data = output.availableData
            guard !data.isEmpty else { throw SpawnedProcess.Failure(description: "nginx ended: \(log)") }
            log += String(decoding: data, as: UTF8.self)
        }
        output.readabilityHandler = { if $0.availableData.isEmpty { $0.readabilityHandler = nil } }
    }

    /// Behind a proxy of its own, so that the body is read before the answer: nginx resets the stream otherwise.
    private func server(_ kind: Kind, _ name: String, _ more: String = "") -> String {
        """
        server { listen 127.0.0.1:\(ports[kind] ?? 0) ssl http2; \(more)
          ssl_certificate \(path(name + ".pem")); ssl_certificate_key \(path(name + ".key"));
          location / { proxy_pass http://unix:\(path("plain")); proxy_set_header X-Protocol $server_protocol; } }
        """
    }

    private func path(_ name: String) -> String { directory.appending(path: name).path }
}

/// Runs the openssl command in one directory.
struct CertificateMaker {
    let directory: URL

    func bytes(_ name: String) throws -> [UInt8] { [UInt8](try Data(contentsOf: directory.appending(path: name))) }

    func makeAuthority() throws {
        try run(["req", "-x509"] + newKey("ca") + ["-out", "ca.pem", "-days", "2", "-subj", "/CN=Test authority"])
    }

    func make(_ name: String, names: String, days: Int) throws {
        try run(["req"] + newKey(name) + ["-out", "\(name).csr", "-subj", "/CN=\(name)"])
        try Data("subjectAltName=\(names)\n".utf8).write(to: directory.appending(path: "\(name).ext"))
        try run([
            "x509", "-req", "-in", "\(name).csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial",
            "-days", "\(days)", "-extfile", "\(name).ext", "-out", "\(name).pem",
        ])
    }

    private func newKey(_ name: String) -> [String] {
        ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "\(name).key"]
    }

    private func run(_ arguments: [String]) throws {
        let process = SpawnedProcess()
        process.executable = "/usr/bin/openssl"
        process.arguments = arguments
        process.currentDirectory = directory.path
        try process.run()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw SpawnedProcess.Failure(description: "openssl \(arguments) exits with \(process.terminationStatus)")
        }
    }
}
