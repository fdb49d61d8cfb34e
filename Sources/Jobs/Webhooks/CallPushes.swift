import Queue

/// How the pushes of one call to one target wait for each other: changes of its log are gathered into one push, and a push
/// for another reason takes the place of the one that waits.
public struct CallPushes: Sendable, Hashable {
    /// After so long without another change of the log it is pushed, in ms; 0 pushes each at once.
    public let quietMilliseconds: Int64
    /// But not later than this after the first, in ms.
    public let longestMilliseconds: Int64

    /// 3 s, at most 15.
    public static let standard = CallPushes(quietMilliseconds: 3_000, longestMilliseconds: 15_000)

    /// The times.
    public init(quietMilliseconds: Int64, longestMilliseconds: Int64) {
        self.quietMilliseconds = quietMilliseconds
        self.longestMilliseconds = longestMilliseconds
    }

    /// The key of an event's push; nil where it stands for itself.
    func key(of event: Event, _ lane: PushLane) -> JobKey? {
        guard quietMilliseconds > 0, let call = event.callSID ?? event.engagementID else { return nil }
        let name = "call:\(lane.text):\(PushLane.token(call, maximumBytes: Self.maximumCallBytes))"
        guard event.type.family == .callLog else { return .ending(name) }
        return .debounce(
            name, quietMilliseconds: quietMilliseconds,
            longestMilliseconds: max(quietMilliseconds, longestMilliseconds))
    }

    private static let maximumCallBytes = 40
}
