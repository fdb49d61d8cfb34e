internal import HTTPTypes

extension Problem {
    /// 400: the request cannot be understood.
    public static func badRequest(_ detail: String) -> Problem { Problem(.badRequest, detail: detail) }

    /// 401 with `WWW-Authenticate: Bearer`.
    public static func unauthorized(_ detail: String) -> Problem {
        var problem = Problem(.unauthorized, detail: detail)
        problem.challenge = "Bearer"
        return problem
    }

    /// 403: the token lacks a scope.
    public static func forbidden(_ detail: String) -> Problem { Problem(.forbidden, detail: detail) }

    /// 404.
    public static func notFound(_ detail: String) -> Problem { Problem(.notFound, detail: detail) }

    /// 410: it was there, and is no more.
    public static func gone(_ detail: String) -> Problem { Problem(.gone, detail: detail) }

    /// 409.
    public static func conflict(_ detail: String) -> Problem { Problem(.conflict, detail: detail) }

    /// 413; the connection is closed after it.
    public static func contentTooLarge(maximumBytes: Int) -> Problem {
        var problem = Problem(.contentTooLarge, detail: "expected a body of at most \(maximumBytes) bytes")
        problem.closesConnection = true
        return problem
    }

    /// 408; the connection is closed after it.
    public static func requestTimeout() -> Problem {
        var problem = Problem(.requestTimeout, detail: "the request did not arrive in time")
        problem.closesConnection = true
        return problem
    }

    /// 422: valid JSON with bad values.
    public static func unprocessable(_ errors: [Field], detail: String? = nil) -> Problem {
        Problem(.unprocessableContent, detail: detail, errors: errors)
    }

    /// 429 with `Retry-After`.
    public static func tooManyRequests(_ detail: String, retryAfterSeconds: Int) -> Problem {
        var problem = Problem(.tooManyRequests, detail: detail)
        problem.retryAfterSeconds = retryAfterSeconds
        return problem
    }

    /// 503 with `Retry-After`.
    public static func unavailable(_ detail: String, retryAfterSeconds: Int) -> Problem {
        var problem = Problem(.serviceUnavailable, detail: detail)
        problem.retryAfterSeconds = retryAfterSeconds
        return problem
    }
}
