import Redis
import Testing

struct RedisConfigurationTests {
    struct Valid: Sendable, CustomTestStringConvertible {
        let url: String
        let endpoint: RedisConfiguration.Endpoint
        var user: String?
        var password: String?
        var database = 0

        var testDescription: String { url }
    }

    @Test(
        arguments: [
            Valid(url: "redis://localhost", endpoint: .tcp(host: "localhost", port: 6379)),
            Valid(url: "REDIS://localhost/", endpoint: .tcp(host: "localhost", port: 6379)),
            Valid(url: "redis://10.0.0.1:6380/3", endpoint: .tcp(host: "10.0.0.1", port: 6380), database: 3),
            Valid(url: "redis://:pw@h", endpoint: .tcp(host: "h", port: 6379), password: "pw"),
            Valid(url: "redis://:@h", endpoint: .tcp(host: "h", port: 6379)),
            Valid(url: "redis://@h", endpoint: .tcp(host: "h", port: 6379)),
            Valid(url: "redis://u:p@h:1/0", endpoint: .tcp(host: "h", port: 1), user: "u", password: "p"),
            Valid(
                url: "redis://a%40b:p%2F%3a%25@h",
                endpoint: .tcp(host: "h", port: 6379),
                user: "a@b",
                password: "p/:%"
            ),
            Valid(url: "redis://u:p@w:x@h", endpoint: .tcp(host: "h", port: 6379), user: "u", password: "p@w:x"),
            Valid(url: "redis://:%C3%A9@h", endpoint: .tcp(host: "h", port: 6379), password: "é"),
            Valid(url: "redis://[::1]:6390/1", endpoint: .tcp(host: "::1", port: 6390), database: 1),
            Valid(url: "redis://[::1]", endpoint: .tcp(host: "::1", port: 6379)),
            Valid(url: "unix:///run/redis.sock", endpoint: .unix(path: "/run/redis.sock")),
            Valid(url: "unix:///a%20b.sock?db=2", endpoint: .unix(path: "/a b.sock"), database: 2),
            Valid(url: "unix://u:p@/run/r.sock", endpoint: .unix(path: "/run/r.sock"), user: "u", password: "p"),
        ]
    )
    func readsURL(_ valid: Valid) throws {
        let configuration = try RedisConfiguration(url: valid.url)
        #expect(configuration.endpoint == valid.endpoint)
        #expect(configuration.username == valid.user)
        #expect(configuration.password == valid.password)
        #expect(configuration.database == valid.database)
        #expect(configuration.connectTimeout == .seconds(2))
        #expect(configuration.commandTimeout == .seconds(5))
    }

    @Test(
        arguments: [
            "", "localhost:6379", "http://h", "redis://", "redis:///1", "redis://h:", "redis://h:0", "redis://h:65536",
            "redis://h:x", "redis://h:+1", "redis://h/x", "redis://h/-1", "redis://h/1/2", "redis://h?db=1",
            "redis://h#1",
            "redis://user@h", "redis://user:@h", "redis://:a%2@h", "redis://:a%zz@h", "redis://:%ff@h",
            "redis://:%00@h",
            "redis://[::1", "redis://[::1]6379", "redis://a b", "redis://h/99999999999999999999", "unix://",
            "unix://run",
            "unix://host/run/r.sock", "unix:///", "unix:///r.sock?x=1", "unix:///r.sock?db=x", "unix://?db=1",
            "unix:///" + String(repeating: "x", count: 107),
        ]
    )
    func refusesURL(_ url: String) {
        let error = #expect(throws: RedisError.self) { try RedisConfiguration(url: url) }
        #expect(error?.code == .invalidConfiguration)
        #expect(error?.isRetriable == false)
        #expect(error?.message.contains("redis://[user]") == true)
        #expect(error?.message.contains("unix://") == true)
    }

    @Test(
        arguments: [
            "rediss://h", "redis-sentinel://h", "redis+sentinel://h/x", "redis+cluster://h", "redis+tls://h",
        ]
    )
    func namesUnsupportedScheme(_ url: String) {
        let error = #expect(throws: RedisError.self) { try RedisConfiguration(url: url) }
        #expect(error?.code == .invalidConfiguration)
        #expect(error?.message.contains("not supported by this build") == true)
    }

    /// With characters that should have been percent-encoded, parts of the password stand where others are expected.
    @Test(
        arguments: [
            "redis://:hunt/er2@h", "redis://:hunt?er2@h", "redis://:hunt#er2@h", "redis://:hunt%er2@h",
            "redis://u:hunt/er2@h:x", "unix://u:hunt/er2@/r.sock?y", "unix://u:hunt?er2@/r.sock", "hunter2://h",
            "rediss://:hunter2@h",
        ]
    )
    func errorHidesURL(_ url: String) {
        let error = #expect(throws: RedisError.self) { try RedisConfiguration(url: url) }
        for text in ["\(String(describing: error))", error?.message ?? "", "\(String(reflecting: error))"] {
            #expect(!text.contains("hunt"))
            #expect(!text.contains("er2"))
        }
    }

    @Test(arguments: ["redis://joe:hunter2@h:1/2", "redis://:hunter2@h", "unix://joe:hunter2@/r.sock?db=1"])
    func descriptionHidesPassword(_ url: String) throws {
        let configuration = try RedisConfiguration(url: url)
        var dumped = ""
        dump(configuration, to: &dumped)
        for text in ["\(configuration)", String(reflecting: configuration), dumped, "\([configuration])"] {
            #expect(text.contains("***"))
            #expect(!text.contains("hunter2"))
        }
    }
}
