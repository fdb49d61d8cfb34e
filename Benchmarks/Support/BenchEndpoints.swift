import Command
import Foundation

/// Subscriptions made as anybody makes them: through the API, which is started for that and ended.
struct BenchEndpoints: Sendable {
    let redis: BenchRedis
    let postgres: BenchPostgres
    let options: BenchOptions
    /// What their secrets are sealed with; the worker needs the same.
    let secretsKey = Data((0..<32).map { _ in UInt8.random(in: .min ... .max) }).base64EncodedString()

    /// What the API and the worker have in common.
    var environment: [String: String] { ["SECRETS_KEY": secretsKey, "OUTBOUND_ALLOW": "127.0.0.1,never.example"] }

    /// Makes one for each set of members; answers their ids in order.
    func make(_ drafts: [[String: any Sendable]]) async throws -> [String] {
        let port = try LoopbackPort.free()
        let token = SecretMaker.hex(byteCount: 16)
        let own = ["API_LISTEN": "127.0.0.1:\(port)", "API_TOKENS": "bench:admin:\(token)"]
        let server = try await BenchProgram.start(
            "aventora-api", redis, postgres, options, port: port, environment.merging(own) { $1 })
        do {
            let http = LoopbackHTTP(port: port)
            var ids: [String] = []
            for draft in drafts {
                let body = try JSONSerialization.data(withJSONObject: draft)
                let reply = try await http.send(
                    SampleRequest(method: "POST", path: "/v1/endpoints", token: token, body: [UInt8](body)))
                guard reply.status == 201, let id = try JSONDecoder().decode(Made.self, from: Data(reply.body)).id
                else { throw BenchError("no endpoint: \(reply.status) \(String(decoding: reply.body, as: UTF8.self))") }
                ids.append(id)
            }
            await server.stop()
            return ids
        } catch {
            await server.kill()
            throw error
        }
    }

    private struct Made: Decodable { let id: String? }

    /// Starts a worker with these endpoints' key; ready when it is returned.
    func startWorker(_ extra: [String: String], wrapper: [String] = []) async throws -> RunningProgram {
        let port = try LoopbackPort.free()
        let own = environment.merging(["METRICS_LISTEN": "127.0.0.1:\(port)"]) { $1 }
        return try await BenchProgram.start(
            "aventora-worker", redis, postgres, options, port: port, own.merging(extra) { $1 }, wrapper: wrapper)
    }
}
