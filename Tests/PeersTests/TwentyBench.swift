import Basics

@testable import Peers

/// Twenty without a server, for its rules.
struct TwentyBench {
    static let key = "peers-workspace-key"
    let crm: CRM
    let peer: TwentyPeer
    let clock = PeerClock()

    init(limit: Int = 0, era: TwentyEra = .newest) {
        var options = PeersOptions()
        (options.twentyLimit, options.era) = (limit, era)
        crm = CRM(clock: clock, options: options)
        peer = TwentyPeer(crm)
    }

    func send(_ method: String, _ target: String, _ body: String = "", key: String? = key) -> (Int, JSONObject) {
        let answer = full(method, target, body, key: key)
        return (answer.status, Self.object(answer))
    }

    func full(_ method: String, _ target: String, _ body: String = "", key: String? = key) -> PeerAnswer {
        let headers = key.map { [(name: "Authorization", value: "Bearer \($0)")] } ?? []
        return peer.answer(PeerRequest(method: method, target: target, headers: headers, body: Array(body.utf8)))
    }

    /// A person that has to be created.
    func create(_ body: String, at target: String = "/rest/people") throws -> JSONObject {
        let (status, answer) = send("POST", target, body)
        guard status == 201, let person = answer.value(at: "data.createPerson")?.object else {
            throw Refused(status: status, answer: answer)
        }
        return person
    }

    /// The records of a list, and the whole answer.
    func list(_ target: String) -> ([JSONObject], JSONObject) {
        let (_, answer) = send("GET", target)
        let data = answer["data"]?.object
        return (data?.members.first?.value.objects ?? [], answer)
    }

    func message(_ answer: JSONObject) -> String { answer["messages"]?.strings.first ?? answer.text("message") ?? "" }

    static func object(_ answer: PeerAnswer) -> JSONObject {
        do { return try JSONParser.parse(answer.body).object ?? JSONObject() } catch { return JSONObject() }
    }

    struct Refused: Error, CustomStringConvertible {
        let status: Int
        let answer: JSONObject
        var description: String { "\(status) \(answer)" }
    }
}
