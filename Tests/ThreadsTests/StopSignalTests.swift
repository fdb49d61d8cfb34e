import Foundation
import Testing
import Threads

@Suite(.timeLimit(.minutes(1)))
struct StopSignalTests {
    @Test(arguments: [Int64(0), 1, 20, 1_001])
    func waitsItsTime(_ milliseconds: Int64) {
        let signal = StopSignal()
        let time = ContinuousClock().measure { #expect(!signal.wait(milliseconds: milliseconds)) }
        #expect(time >= .milliseconds(milliseconds))
    }

    @Test func whatIsSetEndsEveryWait() {
        let signal = StopSignal()
        signal.set()
        signal.set()
        for _ in 0..<3 { #expect(signal.wait(milliseconds: 3_600_000)) }
    }

    @Test(arguments: 0..<20)
    func endsAWaitOnAnotherThread(_ number: Int) async {
        let signal = StopSignal()
        let answer = await withCheckedContinuation { continuation in
            Thread { continuation.resume(returning: signal.wait(milliseconds: 3_600_000)) }.start()
            for _ in 0..<(number * 1_000) { _ = Thread.current }
            signal.set()
        }
        #expect(answer)
    }
}
