import Testing

@testable import API

@Suite(.timeLimit(.minutes(1)))
struct ConnectionStateTests {
    @Test
    func aRequestInTimeNeedsOneTimerForManyRequests() {
        var state = ConnectionState(readLimitMilliseconds: 100)
        #expect(state.requestBegan(atMilliseconds: 0) == .schedule(atMilliseconds: 100))
        state.requestEnded()
        state.responseBegan(closes: false)
        #expect(state.responseEnded() == false)
        #expect(state.requestBegan(atMilliseconds: 60) == .nothing)
        #expect(state.timerFired(atMilliseconds: 100) == .schedule(atMilliseconds: 160))
        state.requestEnded()
        #expect(state.timerFired(atMilliseconds: 160) == .nothing)
        #expect(state.requestBegan(atMilliseconds: 500) == .schedule(atMilliseconds: 600))
    }

    @Test
    func aLateBodyFailsItsReaderOrClosesWhenNobodyReads() {
        var waiting = ConnectionState(readLimitMilliseconds: 100)
        _ = waiting.requestBegan(atMilliseconds: 0)
        #expect(waiting.timerFired(atMilliseconds: 100) == .failReading)
        #expect(waiting.timerFired(atMilliseconds: 200) == .nothing)
        var answered = ConnectionState(readLimitMilliseconds: 100)
        _ = answered.requestBegan(atMilliseconds: 0)
        answered.responseBegan(closes: false)
        #expect(answered.responseEnded() == false)
        #expect(answered.timerFired(atMilliseconds: 100) == .closeNow)
    }

    @Test
    func anAnswerThatClosesIsTheLast() {
        var state = ConnectionState(readLimitMilliseconds: 100)
        _ = state.requestBegan(atMilliseconds: 0)
        state.responseBegan(closes: true)
        #expect(!state.isClosing)
        let closes = state.responseEnded()
        #expect(closes)
        #expect(state.isClosing)
        #expect(state.timerFired(atMilliseconds: 100) == .nothing)
        #expect(state.errorCaught(isConnectionLost: false) == .nothing)
    }

    @Test
    func nonsenseIsAnsweredOnlyWhenNobodyElseWill() {
        var idle = ConnectionState(readLimitMilliseconds: 100)
        #expect(idle.errorCaught(isConnectionLost: false) == .answer)
        #expect(idle.isClosing)
        var busy = ConnectionState(readLimitMilliseconds: 100)
        _ = busy.requestBegan(atMilliseconds: 0)
        #expect(busy.errorCaught(isConnectionLost: false) == .passOn)
        var lost = ConnectionState(readLimitMilliseconds: 100)
        #expect(lost.errorCaught(isConnectionLost: true) == .passOn)
    }
}
