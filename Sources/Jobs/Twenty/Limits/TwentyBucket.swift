internal import Basics
internal import Crypto
import Guard

/// Which limit a client's calls count for: Twenty counts by workspace, whichever of its keys is used.
enum TwentyBucket {
    /// The place and the workspace. A key is a signed token that names its workspace; a key that cannot be read counts for
    /// itself, by a digest.
    static func name(of address: ServiceAddress, workspace: String?) -> String {
        let place = "\(address.base.host):\(address.base.port)".prefix(120)
        if let workspace = workspace ?? address.token.flatMap({ Self.workspace(inKey: $0.revealed) }) {
            return "\(place) \(workspace.prefix(64))"
        }
        let key = address.token?.revealed ?? ""
        return "\(place) key-\(Hexadecimal.encode(SHA256.hash(data: Array(key.utf8)).prefix(8)))"
    }

    /// What a key says of itself; nil for one that says nothing.
    static func workspace(inKey key: String) -> String? {
        let parts = key.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 3 else { return nil }
        var text = String(parts[1].map { $0 == "-" ? "+" : $0 == "_" ? "/" : $0 })
        text += String(repeating: "=", count: (4 - text.utf8.count % 4) % 4)
        guard let bytes = Base64.decode(text) else { return nil }
        let claims: JSONObject?
        do { claims = try JSONParser.parse(bytes, limits: JSONLimits(bytes: 16_384)).object } catch { claims = nil }
        guard let id = claims?["workspaceId"]?.string, NameBasedID(id) != nil else { return nil }
        return id.lowercased()
    }
}
