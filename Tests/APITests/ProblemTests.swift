import Foundation
import HTTPTypes
import HummingbirdCore
import Testing

@testable import API

@Suite(.timeLimit(.minutes(1)))
struct ProblemTests {
    private struct Body: Decodable {
        struct Item: Decodable {
            let name: String
            let count: Int
        }
        let items: [Item]
    }

    @Test(arguments: [
        ("", 400, nil), ("{", 400, nil), ("{}", 422, "/items"), (#"{"items":1}"#, 422, "/items"),
        (#"{"items":[{"name":"a","count":1},{"name":7,"count":1}]}"#, 422, "/items/1/name"),
        (#"{"items":[{"name":null,"count":1}]}"#, 422, "/items/0/name"),
        (#"{"items":[{"name":"a"}]}"#, 422, "/items/0/count"),
    ])
    func explainsWhatADecoderRefused(_ text: String, status: Int, pointer: String?) throws {
        let error = try #require(throws: DecodingError.self) {
            try JSONDecoder().decode(Body.self, from: Data(text.utf8))
        }
        let problem = Problem(error)
        #expect(problem.status.code == status && problem.errors.first?.pointer == pointer)
    }

    @Test
    func isJSONWhateverItSays() throws {
        let detail = "a\"b\\c\n\u{0} 🦀"
        let problem = Problem(
            .badRequest, detail: detail, errors: [.init(pointer: "/\n", detail: detail)], type: "urn:x")
        let object = try #require(try JSONSerialization.jsonObject(with: Data(problem.json())) as? [String: Any])
        #expect(object["detail"] as? String == detail && object["type"] as? String == "urn:x")
        #expect(object["errors"] as? [[String: String]] == [["pointer": "/\n", "detail": detail]])
        #expect(object["title"] as? String == "Bad Request" && object["status"] as? Int == 400)
    }

    @Test
    func becomesAResponse() {
        var problem = Problem.unauthorized("expected a token")
        problem.allow = [.post, .get]
        problem.closesConnection = true
        let response = problem.response()
        #expect(response.status == .unauthorized)
        #expect(response.headers[.wwwAuthenticate] == "Bearer" && response.headers[.allow] == "GET, POST")
        #expect(response.headers[.connection] == "close")
        #expect(response.headers[.contentType] == "application/problem+json")
        #expect(response.headers[.contentLength] == "\(problem.json().count)")
    }

    @Test(arguments: [
        ("plain", "plain"), ("a%20b", "a b"), ("%2F%3a", "/:"), ("z%C3%AB", "zë"), ("%", nil), ("%2", nil),
        ("%zz", nil),
        ("%FF", nil), ("+", "+"), ("", ""),
    ])
    func decodesPathParts(_ text: String, expected: String?) {
        #expect(PercentEncoding.decode(text) == expected)
    }
}
