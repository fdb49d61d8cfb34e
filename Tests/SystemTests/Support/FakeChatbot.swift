import Basics
import Synchronization
import TestKit

/// A domain-chatbot on 127.0.0.1 that remembers which workspaces it has set up.
final class FakeChatbot: Sendable {
    struct Workspace: Sendable {
        var id: String
        var subdomain: String
        var isConnected = false
        var members: [String] = []
    }

    private struct State {
        var workspaces: [Workspace]
        /// Calls of POST routes to come that get this answer instead.
        var faults: [TargetAnswer] = []
        /// For the workspaces of these subdomains, always.
        var refusals: [String: TargetAnswer] = [:]
    }

    static let token = "the-super-admin-token"

    let target: FakeTarget
    private let box: Box

    init(_ workspaces: [Workspace]) throws {
        let box = Box(State(workspaces: workspaces))
        target = try FakeTarget { request in box.state.withLock { Self.answer(request, &$0) } }
        self.box = box
    }

    /// What the target's threads share with the test.
    private final class Box: Sendable {
        let state: Mutex<State>

        init(_ state: State) { self.state = Mutex(state) }
    }

    /// The coming calls of POST routes get these answers instead.
    func fail(_ faults: [TargetAnswer]) { box.state.withLock { $0.faults = faults } }

    /// A workspace is always answered so; nil ends that.
    func refuse(_ subdomain: String, _ answer: TargetAnswer?) {
        box.state.withLock { $0.refusals[subdomain] = answer }
    }

    /// The subdomains that have a Hub.
    var connected: Set<String> {
        box.state.withLock { Set($0.workspaces.filter(\.isConnected).map(\.subdomain)) }
    }

    /// POSTs so far, by the workspace's id.
    var posts: [String: Int] {
        var posts: [String: Int] = [:]
        for request in target.requests where request.method == "POST" {
            posts[Self.object(request)["workspaceId"]?.string ?? "", default: 0] += 1
        }
        return posts
    }

    private static func answer(_ request: TargetRequest, _ state: inout State) -> TargetAnswer {
        guard request.header("Authorization") == "Bearer \(token)" else { return json("{}", 401) }
        if request.path == "/regenerate-index/provision-crm-workspaces" {
            return json("{\"workspaces\":[\(state.workspaces.map(text).joined(separator: ","))]}")
        }
        if !state.faults.isEmpty { return state.faults.removeFirst() }
        let id = object(request)["workspaceId"]?.string
        guard let index = state.workspaces.firstIndex(where: { $0.id == id }) else { return json("{}", 404) }
        let workspace = state.workspaces[index]
        if let refusal = state.refusals[workspace.subdomain] { return refusal }
        switch request.path {
        case "/regenerate-index/provision-from-crm-workspace":
            state.workspaces[index].isConnected = true
            return json(
                #"{"status":"ok","domainName":"\#(workspace.subdomain)","created":\#(!workspace.isConnected)}"#)
        case "/regenerate-index/sync-crm-workspace-members":
            let list = workspace.members.map { "\"\($0)\"" }.joined(separator: ",")
            return json(#"{"status":"ok","added":[\#(list)],"existing":[]}"#)
        default: return json("{}", 404)
        }
    }

    private static func text(_ workspace: Workspace) -> String {
        let list = workspace.members.map { "\"\($0)\"" }.joined(separator: ",")
        return """
            {"workspaceId":"\(workspace.id)","subdomain":"\(workspace.subdomain)",\
            "displayName":"\(workspace.subdomain)",\
            "activationStatus":"ACTIVE","hubConnected":\(workspace.isConnected),"assignedDomain":null,\
            "adminEmail":"admin@\(workspace.subdomain).example","hubSyncMemberEmails":[\(list)]}
            """
    }

    private static func object(_ request: TargetRequest) -> JSONObject {
        do { return try JSONParser.parse(request.body).object ?? JSONObject() } catch { return JSONObject() }
    }

    private static func json(_ text: String, _ status: Int = 200) -> TargetAnswer {
        .reply(status: status, headers: [("Content-Type", "application/json")], body: Array(text.utf8))
    }
}
