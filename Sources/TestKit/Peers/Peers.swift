// The peers as a process of their own with real HTTP: see docs/peers.md. A test starts its own, so that faults, limits
// and clocks of one do not meet another's.

package import Basics
import Command
package import Curl
import Glibc

/// The systems that jobs call, played.
package final class Peers: Sendable {
    /// Which system.
    package enum Name: String, Sendable, CaseIterable {
        case twenty, provisioning, hub, assistant, chatbot, tips, subscriber
    }

    /// What the peers want to see of their callers, unless their environment says otherwise.
    package enum Secret {
        package static let provisioning = "peers-provisioning-secret"
        package static let workspaceKey = "peers-workspace-key"
        package static let hubKey = "peers-hub-key"
        package static let callback = "peers-callback-secret"
        package static let chatbotKey = "peers-chatbot-key"
        package static let superAdminToken = "peers-super-admin-token"
        package static let superAdminName = "peers-admin"
        package static let superAdminPassword = "peers-admin-password"
        package static let tipsClientID = "peers-tips"
        package static let tipsClientSecret = "peers-tips-secret"
    }

    /// The workspace that Twenty has from the start; its key is ``Secret/workspaceKey``.
    package static let workspaceID = "20202020-1c25-4d02-bf25-6aeccf7ea419"

    private let child: ChildProcess
    private let addresses: JSONObject
    private let output: String
    private let curl = CurlClient()

    private init(child: ChildProcess, addresses: JSONObject, output: String) {
        (self.child, self.addresses, self.output) = (child, addresses, output)
    }

    /// Starts them and returns once all listen, in less than a second. ``stop()`` ends them; so does letting go of this.
    ///
    /// - Parameter arguments: such as `["--twenty-limit", "100"]`.
    package static func start(
        _ arguments: [String] = [], environment: [String: String] = [:]
    ) async throws -> Peers {
        let file = TestFolders.make("peers")
        let child = try await ChildProcess.start(
            ChildCommand(
                executable: "\(ProgramFolder.programs)/aventora-peers", arguments: arguments,
                environment: ["PATH": "/usr/bin:/bin"].merging(environment) { $1 }, output: .file(file)))
        do {
            let addresses = try await Waiting.value(
                "the peers to listen", seen: { PrivateFile.read(file) ?? "nothing was printed" }
            ) {
                if let exit = child.exit { throw WaitExpired(description: "the peers ended: \(exit)") }
                return line(PrivateFile.read(file) ?? "")
            }
            return Peers(child: child, addresses: addresses, output: file)
        } catch {
            await child.stop([])
            PrivateFile.remove(file)
            throw error
        }
    }

    /// Runs `body` with peers of its own, which are gone afterwards.
    package static func run(
        _ arguments: [String] = [], environment: [String: String] = [:], _ body: (Peers) async throws -> Void
    ) async throws {
        let peers = try await start(arguments, environment: environment)
        do {
            try await body(peers)
        } catch {
            await peers.stop()
            throw error
        }
        await peers.stop()
    }

    private static func line(_ text: String) -> JSONObject? {
        for line in text.split(separator: "\n") where line.hasPrefix("{") {
            do { return try JSONParser.parse(Array(line.utf8)).object } catch { continue }
        }
        return nil
    }

    /// Ends them. May be called once.
    package func stop() async {
        await child.stop([StopStep(signal: SIGTERM, limitMilliseconds: 2_000)])
        await curl.shutdown()
        PrivateFile.remove(output)
    }

    /// The address of a peer, with a path behind it.
    package func url(_ name: Name, _ path: String = "") -> String {
        (addresses[name.rawValue]?.string ?? "") + path
    }

    /// `host:port` of a peer, as `OUTBOUND_ALLOW` has it.
    package func place(_ name: Name) -> String { String(url(name).dropFirst("http://".count)) }

    /// One request to a peer.
    package func send(
        _ name: Name, _ method: CurlRequest.Method, _ path: String, body: String? = nil, token: String? = nil,
        headers: [(name: String, value: String)] = []
    ) async throws -> ProductReply {
        var request = CurlRequest(
            method: method, url: url(name, path), headers: headers, body: Array((body ?? "").utf8),
            responseLimitBytes: 64 << 20, resendsOnStaleConnection: false)
        if let token { request.headers.append((name: "Authorization", value: "Bearer \(token)")) }
        if body != nil, !headers.contains(where: { $0.name.lowercased() == "content-type" }) {
            request.headers.append((name: "Content-Type", value: "application/json"))
        }
        let response = try await curl.send(request)
        return ProductReply(status: response.status, headers: response.headers, bytes: response.body)
    }

    /// The calls that a peer got, oldest first.
    package func calls(_ name: Name, under prefix: String = "/") async throws -> [JSONObject] {
        let reply = try await control(name, .get, "calls?path_prefix=\(prefix)")
        return (reply["items"]?.array ?? []).compactMap(\.object)
    }

    /// Forgets the calls so far.
    package func clearCalls(_ name: Name) async throws { _ = try await control(name, .delete, "calls") }

    /// Makes a peer fail. Each text is one fault, as docs/peers.md has it: `{"mode":"status","status":503,"count":2}`.
    package func fault(_ name: Name, _ faults: String...) async throws {
        let list = faults.joined(separator: ",")
        _ = try await control(name, .put, "faults", #"{"faults":[\#(list)]}"#)
    }

    /// Makes a peer well again.
    package func clearFaults(_ name: Name) async throws { _ = try await control(name, .delete, "faults") }

    /// All that a peer holds.
    package func state(_ name: Name) async throws -> JSONObject { try await control(name, .get, "state") }

    /// Puts members in place of what a peer holds.
    package func setState(_ name: Name, _ json: String) async throws {
        _ = try await control(name, .put, "state", json)
    }

    /// Has Twenty tell an address of everything that happens in its first workspace.
    package func setWebhook(_ url: String, secret: String) async throws {
        try await setState(
            .twenty,
            #"{"workspaces":[{"webhooks":[{"targetUrl":"\#(url)","operations":["*.*"],"secret":"\#(secret)"}]}]}"#)
    }

    /// Moves a peer's time on.
    package func advance(_ name: Name, seconds: Int) async throws {
        _ = try await control(name, .patch, "clock", #"{"advance_seconds":\#(seconds)}"#)
    }

    /// The records of Twenty's first workspace, or of the one with this id.
    package func records(_ plural: String, workspace: String = Peers.workspaceID) async throws -> [JSONObject] {
        let all = (try await state(.twenty)["workspaces"]?.array ?? []).compactMap(\.object)
        let one = all.first { $0["id"]?.string == workspace }
        return (one?[plural]?.array ?? []).compactMap(\.object)
    }

    private func control(
        _ name: Name, _ method: CurlRequest.Method, _ route: String, _ body: String? = nil
    ) async throws -> JSONObject {
        let reply = try await send(name, method, "/_peer/\(route)", body: body)
        guard reply.status == 200 else { throw UnexpectedReply("\(method.rawValue) /_peer/\(route)", reply) }
        return reply.object
    }
}
