import Threads

/// What one process's ids are made of. The time never goes back, and moves on by itself when a millisecond's counter is
/// used up.
final class JobIDSequence: Sendable {
    /// 35 bits.
    let process: UInt64
    private let last = Locked<(milliseconds: Int64, count: UInt32)>((0, 0))

    init(process: UInt64) { self.process = process }

    func next(_ nowMilliseconds: Int64) -> (milliseconds: Int64, count: UInt32) {
        last.withLock { last in
            if nowMilliseconds > last.milliseconds {
                last = (nowMilliseconds, 0)
            } else if last.count == 0xF_FFFF {
                last = (last.milliseconds + 1, 0)
            } else {
                last.count += 1
            }
            return last
        }
    }
}
