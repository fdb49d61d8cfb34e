import Guard
import Testing

/// Headers that owners of targets add.
@Suite(.timeLimit(.minutes(1)))
struct HeaderTests {
    @Test(arguments: [
        "Host", "host", "Content-Length", "Transfer-Encoding", "Connection", "TE", "Trailer", "Upgrade", "Expect",
        "Keep-Alive", "webhook-id", "Webhook-Signature", "webhook-timestamp", "webhook-anything", "svix-id",
        "X-Twenty-Webhook-Signature", "X-Twenty-Signature", "X-Twenty-Timestamp", "X-Aventora-Webhook-Secret",
        "Content-Type", "Content-Encoding", "Accept-Encoding", "User-Agent", "Date", "Metadata-Flavor", "METADATA",
        "X-aws-ec2-metadata-token", "X-aws-ec2-metadata-token-ttl-seconds", "X-Google-Metadata-Request",
        "X-Metadata-Token", "Proxy-Authorization", "Proxy-Connection", "Forwarded", "X-Forwarded-For", "X-Real-IP",
        "Via",
        "HTTP2-Settings",
    ])
    func belongsToSomebody(_ name: String) {
        #expect(CustomHeaders.owner(of: name) != nil)
        #expect(throws: HeaderField.Fault.self) { try CustomHeaders([(name, "x")]) }
    }

    @Test(arguments: ["Authorization", "X-Api-Key", "X-Tenant", "Accept", "Cookie", "X-Webhook-Source", "If-Match"])
    func isFree(_ name: String) throws {
        #expect(try CustomHeaders([(name, "some value")]).fields.map(\.name) == [name])
    }

    @Test(arguments: [
        ("", "x"), ("a b", "x"), ("a:", "x"), ("a\r\nb", "x"), ("é", "x"), ("a\u{0}", "x"), ("a", "x\r\nHost: evil"),
        ("a", "x\ny"), ("a", "x\ry"), ("a", "\u{0}"), ("a", "\u{7f}"), ("a", "\u{1b}[2J"),
        ("a", String(repeating: "x", count: 8_193)), (String(repeating: "a", count: 129), "x"), ("(a)", "x"),
        ("a/b", "x"),
    ])
    func cannotStandOnTheWire(_ name: String, _ value: String) {
        #expect(throws: HeaderField.Fault.self) { try HeaderField(name: name, value: value) }
        #expect(throws: HeaderField.Fault.self) { try CustomHeaders([(name, value)]) }
    }

    @Test func values() throws {
        for value in ["", "x", "a\tb", "Bearer abc.def", "ümläut", String(repeating: "x", count: 8_192)] {
            #expect(try HeaderField(name: "X-A", value: value).value == value)
        }
    }

    @Test func limits() throws {
        func headers(_ count: Int, _ bytes: Int) -> [(name: String, value: String)] {
            (0..<count).map { (name: "X-\($0)", value: String(repeating: "x", count: bytes)) }
        }
        #expect(try CustomHeaders(headers(50, 100)).fields.count == 50)
        #expect(throws: HeaderField.Fault.self) { try CustomHeaders(headers(51, 1)) }
        #expect(throws: HeaderField.Fault.self) { try CustomHeaders(headers(3, 8_000)) }
        #expect(throws: HeaderField.Fault.self) { try CustomHeaders([("X-A", "1"), ("x-a", "2")]) }
    }

    @Test func neitherErrorsNorDumpsShowValues() throws {
        do throws(HeaderField.Fault) {
            _ = try HeaderField(name: "X-Key", value: "t0psecret\n")
            Issue.record("it was taken")
        } catch { #expect(!error.description.contains("t0psecret")) }
        let field = try HeaderField(name: "X-Key", value: "t0psecret")
        var dumped = ""
        dump([field], to: &dumped)
        #expect(!dumped.contains("t0psecret") && !"\([field])".contains("t0psecret"))
    }
}
