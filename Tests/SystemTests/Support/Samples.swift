import Command
import Curl
import TestKit

/// Events and accounts that no other test has.
enum Samples {
    /// A new name that begins with `prefix`.
    static func name(_ prefix: String) -> String { "\(prefix)-\(SecretMaker.hex(byteCount: 5))" }

    /// An event that carries its engagement.
    static func completed(_ engagement: String, of domainName: String, id: String? = nil) -> String {
        let identity = id.map { #""id":"\#($0)","# } ?? ""
        return """
            {\(identity)"type":"call.completed","domain_name":"\(domainName)","engagement_id":"\(engagement)",\
            "call_sid":"CA\(engagement)","data":{"status":"completed","outcome":"booked"}}
            """
    }

    /// An event whose engagement has to be read from the Hub.
    static func updated(_ engagement: String, of domainName: String, id: String? = nil) -> String {
        let identity = id.map { #""id":"\#($0)","# } ?? ""
        return """
            {\(identity)"type":"engagement.updated","domain_name":"\(domainName)","engagement_id":"\(engagement)"}
            """
    }
}

extension Product {
    /// A new account whose Twenty target is this one.
    func makeAccount(_ target: FakeTarget, secret: String? = nil) async throws -> String {
        let domainName = Samples.name("account") + ".example"
        var settings = ["twenty_webhook_url": target.url()]
        settings["twenty_webhook_secret"] = secret
        try await setAccount(domainName, settings)
        return domainName
    }
}

/// Runs `body` with a caller of any API.
func withClient(url: String, token: String, _ body: (ProductClient) async throws -> Void) async throws {
    let curl = CurlClient()
    do {
        try await body(ProductClient(curl: curl, url: url, token: token))
    } catch {
        await curl.shutdown()
        throw error
    }
    await curl.shutdown()
}
