internal import Peers

/// How each of the played systems fails for a while, on a bad day: it refuses, breaks off, loses answers after the work
/// was done, tells nonsense, and answers late. Every fault is counted, so that it is over in the end.
enum DayFaults {
    /// What is the matter with a system from the beginning of a part of the day on.
    static func night(_ peer: PeerName) -> [String] {
        switch peer {
        case .assistant: [lost("/internal", 1)]
        default: []
        }
    }

    /// While people join the workspace. The assistant fails once only: a third attempt comes a minute after the second.
    static func dawn(_ peer: PeerName) -> [String] {
        switch peer {
        case .assistant: [refused("/internal", 503, 1)]
        default: []
        }
    }

    /// While people are called.
    static func morning(_ peer: PeerName) -> [String] {
        switch peer {
        case .twenty:
            [
                limited("/rest/people", 4), refused("/rest/people", 503, 8), broken("/rest/people", 6),
                lost("/rest/people", 10, method: "POST"), page("/rest/people", 4), late("/rest/people", 10),
            ]
        case .provisioning: [refused("/auth/provision/person", 503, 1), broken("/auth/provision/person", 1)]
        case .chatbot: [refused("/stats", 500, 1), page("/stats", 1)]
        // Now and then, else it would be left alone for a while.
        case .subscriber:
            [
                refused("/hooks", 500, 6, every: 9), broken("/hooks", 6, every: 8), lost("/hooks", 10, every: 7),
                nonsense("/hooks", 4, every: 6), late("/hooks", 20),
            ]
        default: []
        }
    }

    /// While TIPS is synced and people are called again.
    static func noon(_ peer: PeerName) -> [String] {
        switch peer {
        case .tips:
            [
                refused("/api/oauth", 503, 1), refused("/api/agents/", 401, 1), broken("/api/agents/", 2),
                nonsense("/api/agents/", 1), page("/api/agents/", 1), late("/api/agents/", 5),
            ]
        case .twenty:
            [
                refused("/rest/batch", 503, 2), lost("/rest/batch", 2), limited("/rest/batch", 1),
                refused("/rest/people", 502, 3), broken("/rest/people", 2),
            ]
        case .provisioning: [refused("/auth/provision/user", 500, 2), broken("/auth/provision/user", 1)]
        // All the time, so that it is left alone: what is for it waits.
        case .subscriber: [refused("/hooks", 503, nil)]
        default: []
        }
    }

    /// While the CRM has people engaged.
    static func evening(_ peer: PeerName) -> [String] {
        switch peer {
        case .hub:
            [
                lost("/integration/start", 2), refused("/integration/start", 503, 2),
                nonsense("/integration/engagement", 2),
            ]
        // Well again.
        case .subscriber: [late("/hooks", 20)]
        default: []
        }
    }

    /// - Parameter count: nil for all the time.
    private static func refused(_ path: String, _ status: Int, _ count: Int?, every: Int = 1) -> String {
        let count = count.map { ",\"count\":\($0)" } ?? ""
        return #"{"path_prefix":"\#(path)","mode":"status","status":\#(status),"every":\#(every)\#(count)}"#
    }

    private static func limited(_ path: String, _ count: Int) -> String {
        #"{"path_prefix":"\#(path)","mode":"status","status":429,"headers":{"Retry-After":"1"},"count":\#(count)}"#
    }

    private static func broken(_ path: String, _ count: Int, every: Int = 1) -> String {
        #"{"path_prefix":"\#(path)","mode":"reset","every":\#(every),"count":\#(count)}"#
    }

    /// The work is done, and nobody hears of it.
    private static func lost(_ path: String, _ count: Int, method: String? = nil, every: Int = 1) -> String {
        let method = method.map { #""method":"\#($0)","# } ?? ""
        return
            #"{"path_prefix":"\#(path)",\#(method)"mode":"reset","performs":true,"every":\#(every),"count":\#(count)}"#
    }

    private static func nonsense(_ path: String, _ count: Int, every: Int = 1) -> String {
        #"{"path_prefix":"\#(path)","mode":"garbage","every":\#(every),"count":\#(count)}"#
    }

    private static func page(_ path: String, _ count: Int) -> String {
        #"{"path_prefix":"\#(path)","mode":"html","count":\#(count)}"#
    }

    private static func late(_ path: String, _ count: Int) -> String {
        #"{"path_prefix":"\#(path)","mode":"delay","delay_ms":700,"count":\#(count)}"#
    }
}
