internal import Basics
internal import HTTPTypes
public import Hummingbird
internal import NIOCore
internal import Program

extension Problem: HTTPResponseError {
    /// The answer as `application/problem+json`.
    public func response() -> Response {
        var headers: HTTPFields = [.contentType: "application/problem+json", .cacheControl: "no-store"]
        if let retryAfterSeconds { headers[.retryAfter] = String(retryAfterSeconds) }
        if !allow.isEmpty { headers[.allow] = allow.map(\.rawValue).sorted().joined(separator: ", ") }
        if let challenge { headers[.wwwAuthenticate] = challenge }
        if closesConnection { headers[.connection] = "close" }
        return Response(status: status, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(bytes: json())))
    }

    /// The same, for code that does not run below `ProblemMiddleware`.
    public func response(from request: Request, context: some RequestContext) -> Response {
        response()
    }

    func json() -> [UInt8] {
        var writer = JSONWriter()
        writer.beginObject()
        writer.key("type")
        writer.string(type)
        writer.key("title")
        writer.string(title)
        writer.key("status")
        writer.integer(status.code)
        if let detail {
            writer.key("detail")
            writer.string(detail)
        }
        if !errors.isEmpty {
            writer.key("errors")
            writer.beginArray()
            for error in errors {
                writer.beginObject()
                writer.key("pointer")
                writer.string(error.pointer)
                writer.key("detail")
                writer.string(error.detail)
                writer.endObject()
            }
            writer.endArray()
        }
        writer.endObject()
        return writer.bytes
    }
}
