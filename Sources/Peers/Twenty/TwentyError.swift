internal import Basics

/// How old a Twenty the peer plays: its answers to failures differ.
public enum TwentyEra: String, Sendable, CaseIterable {
    /// Over the limit: 400 "Limit reached"; not found: 400; failures without a list of messages.
    case oldest
    /// Over the limit: 429 without headers.
    case middle
    /// Over the limit: 429 with everything.
    case newest
}

/// A refusal, as Twenty's filter for exceptions shows it.
struct TwentyError: Error {
    let status: Int
    let name: String
    let message: String
    var code: String?
    var extra: [(String, JSONValue)] = []
    var headers: [(name: String, value: String)] = []

    init(_ status: Int, _ name: String, _ message: String, code: String? = nil) {
        (self.status, self.name, self.message, self.code) = (status, name, message, code)
    }

    static func badRequest(_ message: String, code: String? = nil) -> TwentyError {
        TwentyError(400, "BadRequestException", message, code: code)
    }

    static let duplicate = badRequest("A duplicate entry was detected")
    static let notFound = TwentyError(404, "NotFoundException", "Record not found")

    func answer(_ era: TwentyEra) -> PeerAnswer {
        var object: JSONObject =
            era == .oldest
            ? ["statusCode": .count(status), "message": .string(message), "error": .string(name)]
            : ["statusCode": .count(status), "error": .string(name), "messages": .texts([message])]
        if let code, era != .oldest { object.set("code", .string(code)) }
        for (key, value) in extra { object.set(key, value) }
        if era == .oldest, status == 404 { object.set("statusCode", .count(400)) }
        var answer = PeerAnswer.json(era == .oldest && status == 404 ? 400 : status, object)
        answer.headers = headers
        return answer
    }
}
