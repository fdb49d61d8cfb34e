import Curl
import TestKit

/// Runs `body` with nginx and a client, both ended afterwards.
func withSecureServer(allowsHTTP2: Bool = true, _ body: (SecureServer, CurlClient) async throws -> Void) async throws {
    let server = try SecureServer()
    defer { server.stop() }
    try await withClient(CurlConfiguration(allowsHTTP2: allowsHTTP2)) { try await body(server, $0) }
}
