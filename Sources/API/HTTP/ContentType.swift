internal import HTTPTypes
public import Hummingbird

/// The `Content-Type` of a request.
public enum ContentType {
    /// Accepts `application/json`, with any parameters, as long as a charset is UTF-8.
    ///
    /// - Throws: 415.
    public static func requireJSON(_ request: Request) throws(Problem) {
        guard let header = request.headers[.contentType] else {
            throw Problem(.unsupportedMediaType, detail: "expected Content-Type: application/json")
        }
        if header == "application/json" { return }
        var parts = header.split(separator: ";", omittingEmptySubsequences: false)[...]
        guard let type = parts.popFirst(), trimmed(type) == "application/json" else {
            throw Problem(.unsupportedMediaType, detail: "expected Content-Type: application/json")
        }
        for part in parts {
            let pair = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard trimmed(pair[0]) == "charset" else { continue }
            guard pair.count == 2, ["utf-8", "\"utf-8\""].contains(trimmed(pair[1])) else {
                throw Problem(.unsupportedMediaType, detail: "expected the charset utf-8")
            }
        }
    }

    private static func trimmed(_ text: Substring) -> String {
        var text = text.drop { $0 == " " || $0 == "\t" }
        while text.last == " " || text.last == "\t" { text.removeLast() }
        return text.lowercased()
    }
}
