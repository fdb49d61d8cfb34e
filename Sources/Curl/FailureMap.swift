internal import CCurl

/// libcurl's results as this module's errors. Pure.
enum FailureMap {
    /// The stage that a failed transfer was in.
    ///
    /// libcurl marks the end of the TCP step only together with the end of the TLS step, but knows the peer's port as
    /// soon as TCP is up; so a failed handshake counts the TCP step's time as its own.
    static func phase(reception: Transfer.Reception, moments: TransferMoments, hasPeer: Bool) -> CurlPhase {
        if reception.receivedHeaderBytes > 0 { return .body }
        if reception.sendCount > 0 { return .firstByte }
        if moments.nameLookup == 0 { return .dns }
        if moments.connect == 0 { return hasPeer ? .tls : .connect }
        return .firstByte
    }

    static func error(
        _ curlCode: CURLcode,
        text: String,
        reception: Transfer.Reception,
        phase: CurlPhase,
        timings: CurlTimings,
    ) -> CurlError {
        let (code, message) = codeAndMessage(curlCode, text: text, reception: reception)
        return CurlError(
            code: code,
            message: message,
            phase: phase,
            curlCode: Int32(bitPattern: curlCode.rawValue),
            status: reception.finalStatus,
            timings: timings,
            refusedAddress: reception.refusedAddress,
        )
    }

    private static func codeAndMessage(
        _ curlCode: CURLcode,
        text: String,
        reception: Transfer.Reception,
    ) -> (CurlError.Code, String) {
        if reception.refusedAddress != nil { return (.addressRefused, "the address is not allowed") }
        if reception.headersAreTooLong { return (.badResponse, "the response's headers are above the limit") }
        if reception.resendIsRefused {
            return (.connectionReset, "the kept connection broke before a response; the request was not sent again")
        }
        let message = text.isEmpty ? unsafe String(cString: curl_easy_strerror(curlCode)) : text
        return (code(curlCode, wasSent: reception.sendCount > 0), message)
    }

    private static func code(_ curlCode: CURLcode, wasSent: Bool) -> CurlError.Code {
        switch curlCode {
        case CURLE_UNSUPPORTED_PROTOCOL:
            // Also what an answer without a status line is: "Received HTTP/0.9 when not allowed".
            wasSent ? .badResponse : .invalidRequest
        case CURLE_URL_MALFORMAT, CURLE_LOGIN_DENIED, CURLE_BAD_FUNCTION_ARGUMENT:
            .invalidRequest
        case CURLE_COULDNT_RESOLVE_HOST:
            .resolveFailed
        case CURLE_COULDNT_CONNECT, CURLE_INTERFACE_FAILED:
            .connectFailed
        case CURLE_SSL_CONNECT_ERROR, CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CERTPROBLEM, CURLE_SSL_CIPHER,
            CURLE_SSL_CACERT_BADFILE, CURLE_SSL_ISSUER_ERROR, CURLE_SSL_PINNEDPUBKEYNOTMATCH,
            CURLE_SSL_INVALIDCERTSTATUS, CURLE_SSL_CLIENTCERT, CURLE_SSL_SHUTDOWN_FAILED, CURLE_USE_SSL_FAILED:
            .tlsFailed
        case CURLE_OPERATION_TIMEDOUT:
            .timedOut
        case CURLE_GOT_NOTHING, CURLE_SEND_ERROR, CURLE_RECV_ERROR, CURLE_PARTIAL_FILE, CURLE_HTTP2,
            CURLE_HTTP2_STREAM, CURLE_SEND_FAIL_REWIND:
            .connectionReset
        case CURLE_WEIRD_SERVER_REPLY, CURLE_BAD_CONTENT_ENCODING, CURLE_FILESIZE_EXCEEDED:
            .badResponse
        default:
            .internal
        }
    }
}
