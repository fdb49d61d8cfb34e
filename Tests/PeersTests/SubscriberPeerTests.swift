import Basics
import Testing

@testable import Peers

/// The played subscriber, and faults that come now and then.
@Suite(.timeLimit(.minutes(1)))
struct SubscriberPeerTests {
    /// The example of the Standard Webhooks' own libraries.
    private static let example = (
        secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", id: "msg_p5jXN8AQM9LWM0D4loKWxJek",
        seconds: Int64(1_614_265_330),
        signature: "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=", body: #"{"test": 2432232314}"#
    )

    private func post(
        _ peer: SubscriberPeer, id: String = example.id, seconds: Int64 = example.seconds,
        signature: String = example.signature, body: String = example.body
    ) -> Int {
        peer.answer(
            PeerRequest(
                method: "POST", target: "/hooks",
                headers: [
                    ("webhook-id", id), ("webhook-timestamp", "\(seconds)"), ("webhook-signature", signature),
                ], body: Array(body.utf8))
        ).status
    }

    private func makePeer(secondsLate: Int64 = 0) throws -> SubscriberPeer {
        let clock = PeerClock()
        clock.advance(milliseconds: (Self.example.seconds + secondsLate) * 1_000 - clock.now)
        let peer = SubscriberPeer(clock: clock)
        try peer.replace(["secret": .string(Self.example.secret)])
        return peer
    }

    @Test func takesOnlyWhatIsSigned() throws {
        let peer = try makePeer()
        #expect(post(peer) == 200)
        #expect(post(peer, signature: "v1,AAAA \(Self.example.signature)") == 200)
        for status in [
            post(peer, id: "msg_other"), post(peer, seconds: Self.example.seconds + 1),
            post(peer, body: Self.example.body + " "), post(peer, signature: ""), post(peer, signature: "v1,"),
            post(peer, signature: String(Self.example.signature.dropFirst(3))),
        ] { #expect(status == 401) }
        #expect(post(try makePeer(secondsLate: 302)) == 401)
        #expect(post(try makePeer(secondsLate: -302)) == 401)
        let state = peer.state()
        #expect(state["unsigned"] == .number("6"))
        let deliveries = state["deliveries"]?.objects ?? []
        #expect(deliveries.count == 1 && deliveries.first?["count"] == .number("2"))
    }

    @Test func knowsWhatAnEventIsAbout() throws {
        let peer = SubscriberPeer(clock: PeerClock())
        #expect(post(peer, id: "1", body: #"{"type":"call.completed","call_sid":"CA-1"}"#) == 200)
        #expect(post(peer, id: "2", body: #"{"type":"person.created","data":{"id":"p-1"}}"#) == 200)
        let seen = (peer.state()["deliveries"]?.objects ?? []).map {
            "\($0.text("type") ?? "") \($0.text("subject") ?? "")"
        }
        #expect(seen == ["call.completed CA-1", "person.created p-1"])
        #expect(throws: InputError.self) { try peer.replace(["secret": .string("secret")]) }
        try peer.replace(["deliveries": .array([])])
        #expect(peer.state()["deliveries"]?.array?.isEmpty == true)
    }

    @Test func aFaultMayComeNowAndThen() throws {
        let faults = PeerFaults()
        try faults.replace([
            "faults": .array([
                .object(["mode": .string("reset"), "every": .number("3"), "count": .number("2")]),
                .object(["mode": .string("html"), "every": .number("4")]),
            ])
        ])
        let request = PeerRequest(method: "POST", target: "/hooks", headers: [], body: [])
        let seen = (0..<16).map { _ in faults.take(request)?.mode }
        // The second sees only what the first lets by.
        let places = { (mode: PeerFault.Mode) in seen.indices.filter { seen[$0] == mode } }
        #expect(places(.reset) == [2, 5])
        #expect(places(.html) == [4, 9, 13])
    }
}
