import Redis
import Testing

@Suite(.timeLimit(.minutes(1)))
struct RedisAuthenticationTests {
    private static let access = ["--requirepass", "hunter2", "--user", "joe", "on", ">joes-secret", "~*", "+@all"]

    @Test(arguments: [(nil, "hunter2"), ("joe", "joes-secret"), ("default", "hunter2")] as [(String?, String)])
    func entersWithPassword(_ user: String?, _ password: String) async throws {
        try await RedisServer.runWithClient(Self.access, username: user, password: password) { _, client async throws in
            #expect(try await client.run(RedisCommand("ACL", arguments: ["WHOAMI"])).string == user ?? "default")
        }
    }

    @Test(arguments: [nil, "joe", "nobody"] as [String?])
    func refusalIsFinalAndHidesPassword(_ user: String?) async throws {
        try await RedisServer.runWithClient(Self.access, username: user, password: "wrong-secret") {
            _,
            client async throws in
            // The second call comes within the pause and must say the same.
            for _ in 0..<2 {
                let error = await #expect(throws: RedisError.self) { try await client.run(RedisCommand("PING")) }
                #expect(error?.code == .authenticationFailed)
                #expect(error?.isRetriable == false)
                var dumped = ""
                dump(error, to: &dumped)
                #expect(dumped.contains("WRONGPASS"))
                #expect(!dumped.contains("secret"))
            }
        }
    }

    @Test func missingPasswordIsAnAuthenticationFailure() async throws {
        try await RedisServer.runWithClient(Self.access) { _, client async throws in
            let error = await #expect(throws: RedisError.self) { try await client.run(RedisCommand("PING")) }
            #expect(error?.code == .authenticationFailed)
        }
    }

    /// A server without the command repeats its arguments in the error.
    @Test func errorOfUnknownCommandHidesPassword() async throws {
        try await RedisServer.runWithClient(["--rename-command", "AUTH", "LOGIN"], password: "hunter2") {
            _,
            client async throws in
            let error = await #expect(throws: RedisError.self) { try await client.run(RedisCommand("PING")) }
            #expect(error?.code == .authenticationFailed)
            var dumped = ""
            dump(error, to: &dumped)
            #expect(!dumped.contains("hunter2"))
        }
    }

    @Test func tooManyClientsIsRetriable() async throws {
        try await RedisServer.runWithClient(["--maxclients", "1"]) { server, client async throws in
            #expect(try await client.run(RedisCommand("PING")) == .status("PONG"))
            let second = RedisClient(configuration: server.configuration, name: "second")
            let error = await #expect(throws: RedisError.self) { try await second.run(RedisCommand("PING")) }
            #expect(error?.code == .connectFailed)
            #expect(error?.isRetriable == true)
            await second.shutdown()
        }
    }
}
