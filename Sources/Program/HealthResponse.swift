internal import Basics
internal import HTTPTypes
public import Hummingbird

/// The answers of `/healthz` and `/readyz`, the same in every program.
public enum HealthResponse {
    /// 200 `{"status":"ok"}`: the process runs and can answer.
    public static func alive() -> Response {
        var writer = JSONWriter()
        writer.beginObject()
        writer.key("status")
        writer.string("ok")
        writer.endObject()
        return response(status: .ok, writer)
    }

    /// 200, or 503 when a check fails: `{"status":"unavailable","checks":{"redis":{"ok":false,"detail":"..."}}}`.
    public static func readiness(_ checks: HealthChecks) async -> Response {
        readiness(await checks.results())
    }

    static func readiness(_ results: [HealthResult]) -> Response {
        let isReady = results.allSatisfy { $0.failure == nil }
        var writer = JSONWriter()
        writer.beginObject()
        writer.key("status")
        writer.string(isReady ? "ok" : "unavailable")
        writer.key("checks")
        writer.beginObject()
        for result in results {
            writer.key(result.name)
            writer.beginObject()
            writer.key("ok")
            writer.bool(result.failure == nil)
            if let failure = result.failure {
                writer.key("detail")
                writer.string(failure)
            }
            writer.endObject()
        }
        writer.endObject()
        writer.endObject()
        return response(status: isReady ? .ok : .serviceUnavailable, writer)
    }

    private static func response(status: HTTPResponse.Status, _ writer: JSONWriter) -> Response {
        Response(
            status: status,
            headers: [.contentType: "application/json", .cacheControl: "no-store"],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: writer.bytes)),
        )
    }
}
