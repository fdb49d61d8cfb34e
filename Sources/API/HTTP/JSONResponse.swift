public import HTTPTypes
public import Hummingbird
internal import NIOCore
internal import Operator

/// Answers with a JSON body.
public enum JSONResponse {
    /// Answers with bytes that are JSON text already.
    public static func make(_ bytes: [UInt8], status: HTTPResponse.Status = .ok) -> Response {
        Response(
            status: status,
            headers: [.contentType: "application/json"],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)),
        )
    }

    /// Answers with an encoded value: keys sorted, slashes plain. Costs about 10 us, so not for the hot path.
    ///
    /// - Throws: what the value's own encoding throws.
    public static func encode(_ value: some Encodable, status: HTTPResponse.Status = .ok) throws -> Response {
        make(try ResourceJSON.encode(value), status: status)
    }

    /// 204 without a body.
    public static func noContent() -> Response {
        Response(status: .noContent)
    }
}
