import Basics
import Curl
import Guard
import Testing

@testable import Jobs

/// Names that lead elsewhere between two looks: a DNS server, libcurl and sockets of a network of the test's own.
@Suite(.timeLimit(.minutes(1)), .enabled(if: PrivateNetwork.isPossible, "needs the right to make networks"))
struct RebindingTests {
    private static let outside: [UInt8] = [93, 184, 216, 34]
    private static let loopback: [UInt8] = [127, 0, 0, 1]
    private static let metadata: [UInt8] = [169, 254, 169, 254]

    private struct Scene: Sendable {
        let names: NameServer
        let target: PortEighty
        let client: CurlClient
        let resolver: NameResolver
    }

    /// Runs `body` in a network where 93.184.216.34 is a public host, and 169.254.169.254 and 127.0.0.1 answer as well.
    private func withScene(
        _ answer: @escaping @Sendable (String, Int) -> [[UInt8]], _ body: (Scene) async throws -> Void
    ) async throws {
        let scene = try PrivateNetwork.make(addresses: ["93.184.216.34", "169.254.169.254"]) {
            Scene(
                names: try NameServer(answer), target: try PortEighty(),
                client: CurlClient(configuration: CurlConfiguration(dnsCacheSeconds: 0)), resolver: NameResolver())
        }
        let result: Result<Void, any Error>
        do { result = .success(try await body(scene)) } catch { result = .failure(error) }
        await scene.client.shutdown()
        scene.target.stop()
        scene.names.stop()
        try result.get()
    }

    private func judge(_ scene: Scene, _ rules: AddressGuard, _ name: String) async throws -> TargetJudgement {
        await rules.judge(try TargetHost(name), port: 80) { name async throws(LookupFailure) in
            try await scene.resolver.addresses(of: name)
        }
    }

    private func post(_ scene: Scene, _ rules: AddressGuard, _ name: String) async throws -> DeliveryResult {
        let sender = WebhookSender(
            client: scene.client, clock: SystemWallClock(), outbound: rules, timeoutMilliseconds: 10_000)
        let request = WebhookRequest(
            url: try WebhookURL("http://\(name)/hook"), headers: [], body: Array("{}".utf8), secrets: [])
        return try await sender.post(request).result.get()
    }

    @Test(arguments: [loopback, metadata])
    func nameThatRebindsBetweenSaveAndConnect(_ inside: [UInt8]) async throws {
        try await withScene({ _, before in before == 0 ? [Self.outside] : [inside] }) { scene in
            let rules = AddressGuard()
            let atSave = try await judge(scene, rules, "rebind.example")
            #expect(atSave.isAllowed && atSave.candidates.map(\.address.description) == ["93.184.216.34"])
            let result = try await post(scene, rules, "rebind.example")
            guard case .failure(.addressRefused, let detail) = result else {
                Issue.record("\(result)")
                return
            }
            #expect(detail.contains(inside == Self.loopback ? "127.0.0.0/8" : "169.254.169.254/32"), "\(detail)")
            #expect(scene.names.questions == ["rebind.example", "rebind.example"])
            #expect(scene.target.connections.isEmpty, "it was connected to")
        }
    }

    @Test func publicHostIsReached() async throws {
        try await withScene({ _, _ in [Self.outside] }) { scene in
            let result = try await post(scene, AddressGuard(), "fine.example")
            #expect(result == .response(status: 200))
            #expect(scene.target.connections == ["93.184.216.34"])
        }
    }

    /// One refused address among several fails the attempt, in whichever order they come.
    @Test(arguments: [[outside, loopback], [loopback, outside]])
    func oneRefusedAddressAmongSeveral(_ addresses: [[UInt8]]) async throws {
        try await withScene({ _, _ in addresses }) { scene in
            let judgement = try await judge(scene, AddressGuard(), "both.example")
            #expect(!judgement.isAllowed && judgement.candidates.count == 2)
            let result = try await post(scene, AddressGuard(), "both.example")
            // The public one may be dialled first, and then it is the one that was judged; loopback never is.
            #expect(!scene.target.connections.contains("127.0.0.1"))
            if case .failure(.addressRefused, _) = result { #expect(scene.target.connections.isEmpty) }
        }
    }

    /// The connection that is kept from a public answer is not a way to where the name leads later, nor the other way.
    @Test func rebindingBetweenTwoRequests() async throws {
        try await withScene({ _, before in before < 2 ? [Self.outside] : [Self.loopback] }) { scene in
            let rules = AddressGuard()
            for _ in 0..<4 { _ = try await post(scene, rules, "later.example") }
            #expect(scene.target.connections.allSatisfy { $0 == "93.184.216.34" })
            #expect(!scene.target.connections.isEmpty)
        }
    }

    /// Opened by one set of rules, and closed by the next while the connection is kept.
    @Test func keptConnectionIsJudgedByTheRulesOfTheRequest() async throws {
        try await withScene({ _, _ in [Self.loopback] }) { scene in
            let open = AddressGuard(rows: try AllowList.rows(["127.0.0.1"]))
            #expect(try await post(scene, open, "inside.example") == .response(status: 200))
            guard case .failure(.addressRefused, _) = try await post(scene, AddressGuard(), "inside.example") else {
                Issue.record("the kept connection was used")
                return
            }
            #expect(try await post(scene, open, "inside.example") == .response(status: 200))
            #expect(scene.target.connections.allSatisfy { $0 == "127.0.0.1" })
        }
    }

    @Test func nameWithoutAddresses() async throws {
        try await withScene({ _, _ in [] }) { scene in
            let judgement = try await judge(scene, AddressGuard(), "none.example")
            #expect(!judgement.isAllowed && judgement.firstRefusal == nil && judgement.lookupFailure != nil)
            guard case .failure(.dns, _) = try await post(scene, AddressGuard(), "none.example") else {
                Issue.record("not a failure of the name")
                return
            }
        }
    }
}
