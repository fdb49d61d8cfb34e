internal import HTTPTypes
public import Hummingbird
internal import Logging
internal import NIOCore
internal import NIOHTTP1

/// The outermost layer of every request: gives each answer its `x-request-id`, and turns whatever is thrown into a
/// problem.
///
/// What is not a `Problem` and not a plain HTTP error is a fault of ours: it is logged at `error` with the request id,
/// and the caller sees 500 with that id and nothing else.
public struct ProblemMiddleware: RouterMiddleware {
    /// What the paths of the router can do, for 404 and 405.
    private let table: PathTable
    private let limits: HTTPLimits
    private let logger: Logger

    init(table: PathTable, limits: HTTPLimits, logger: Logger) {
        self.table = table
        self.limits = limits
        self.logger = logger
    }

    /// Answers; never throws.
    @concurrent public func handle(
        _ request: Request,
        context: APIContext,
        next: @concurrent (Request, APIContext) async throws -> Response,
    ) async throws -> Response {
        var response: Response
        do {
            if let path = request.head.path, path.utf8.count > limits.maximumURIBytes {
                throw Problem(.uriTooLong, detail: "expected a URI of at most \(limits.maximumURIBytes) bytes")
            }
            response = try await next(request, context)
        } catch {
            response = answer(to: request, problem(for: error, request: request, context: context))
        }
        response.headers[.requestID] = context.requestID
        return response
    }

    private func answer(to request: Request, _ problem: Problem) -> Response {
        var problem = problem
        if Self.isThrownBeforeReading(problem), Self.announcesLongBody(request) { problem.closesConnection = true }
        let response = problem.response()
        return request.method == .head ? response.createHeadResponse() : response
    }

    /// A long body that nobody will look at is not worth receiving just to keep the connection.
    private static func announcesLongBody(_ request: Request) -> Bool {
        guard let length = request.headers[.contentLength] else { return request.headers.contains(.transferEncoding) }
        return Int(length).map { $0 > 65_536 } ?? true
    }

    private static func isThrownBeforeReading(_ problem: Problem) -> Bool {
        [401, 403, 404, 405, 414, 415].contains(problem.status.code)
    }

    private func problem(for error: any Error, request: Request, context: APIContext) -> Problem {
        switch error {
        case let problem as Problem:
            return problem
        case let error as HTTPError where error.status == .notFound && context.endpointPath == "NotFound":
            return table.problem(for: request)
        case let error as HTTPError:
            return Problem(error.status, detail: error.body)
        case is NIOTooManyBytesError:
            return Problem(.contentTooLarge)
        case is HTTPParserError:
            return .malformedRequest()
        case is RequestReadTimeout:
            return .requestTimeout()
        case let error as DecodingError:
            return Problem(error)
        case is CancellationError:
            return .unavailable("the server is shutting down", retryAfterSeconds: 1)
        default:
            return unexpected(error, request: request, context: context)
        }
    }

    private func unexpected(_ error: any Error, request: Request, context: APIContext) -> Problem {
        logger.error(
            "request failed",
            metadata: [
                "request_id": .string(context.requestID),
                "method": .string(request.method.rawValue),
                "route": .string(context.endpointPath ?? ""),
                "error_detail": .string("\(error)"),
            ],
        )
        return Problem(.internalServerError, detail: "an unexpected error, logged as request \(context.requestID)")
    }
}

extension Problem {
    static func malformedRequest() -> Problem {
        var problem = Problem.badRequest("the request is not well-formed HTTP")
        problem.closesConnection = true
        return problem
    }
}

extension HTTPField.Name {
    /// `x-request-id`, in every answer.
    // A constant that is a valid name.
    static let requestID = HTTPField.Name("x-request-id")!
}
