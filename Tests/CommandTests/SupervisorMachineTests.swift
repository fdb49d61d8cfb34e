import Glibc
import Testing

@testable import Command

struct RestartBackoffTests {
    @Test func growsToFiveSecondsAndStartsAgainAfterAHealthyRun() {
        var backoff = RestartBackoff()
        let pauses = (0..<8).map { _ in backoff.pauseMilliseconds(ranMilliseconds: 9_999) }
        #expect(pauses == [100, 200, 400, 800, 1_600, 3_200, 5_000, 5_000])
        #expect(backoff.pauseMilliseconds(ranMilliseconds: 10_000) == 100)
        #expect(backoff.pauseMilliseconds(ranMilliseconds: 0) == 200)
    }
}

struct SupervisorMachineTests {
    private static let steps = [StopStep(signal: SIGTERM, limitMilliseconds: 1_000)]

    private func child(_ name: String, stage: Int = 0) -> SupervisorMachine.Child {
        SupervisorMachine.Child(name: name, stage: stage, stopSteps: Self.steps)
    }

    private func machine(_ children: [(String, Int)]) -> SupervisorMachine {
        var machine = SupervisorMachine()
        for (name, stage) in children {
            #expect(machine.handle(.added(child(name, stage: stage), isRunning: false), now: 0) == [.launch(name)])
            #expect(machine.handle(.launched(name), now: 0) == [])
        }
        return machine
    }

    private func stop(_ name: String) -> [SupervisorMachine.Action] {
        [.signal(name, SIGTERM), .wakeForStop(name, step: 0, afterMilliseconds: 1_000)]
    }

    @Test func deadChildIsStartedAgainAfterGrowingPauses() {
        var machine = machine([("a", 0)])
        for pause: Int64 in [100, 200, 400] {
            let exit = machine.handle(.exited("a", .signaled(SIGKILL)), now: 0)
            #expect(exit == [.wakeForRestart("a", afterMilliseconds: pause)])
            #expect(machine.running == [])
            #expect(machine.handle(.restartDue("a"), now: 0) == [.launch("a")])
            #expect(machine.handle(.launched("a"), now: 0) == [])
            #expect(machine.running == ["a"])
        }
        #expect(machine.handle(.exited("a", .exited(0)), now: 10_000) == [.wakeForRestart("a", afterMilliseconds: 100)])
    }

    @Test func failedLaunchIsTriedAgain() {
        var machine = SupervisorMachine()
        _ = machine.handle(.added(child("a"), isRunning: false), now: 0)
        #expect(machine.handle(.launchFailed("a"), now: 0) == [.wakeForRestart("a", afterMilliseconds: 100)])
        #expect(machine.handle(.restartDue("a"), now: 0) == [.launch("a")])
        #expect(machine.handle(.launchFailed("a"), now: 0) == [.wakeForRestart("a", afterMilliseconds: 200)])
    }

    @Test(arguments: [(Int32(78), true), (64, true), (1, false), (69, false), (70, false), (0, false)])
    func badConfigurationIsGivenUp(code: Int32, isFinal: Bool) {
        var machine = machine([("a", 0), ("b", 1)])
        let actions = machine.handle(.exited("a", .exited(code)), now: 0)
        #expect(actions == (isFinal ? [.giveUp("a", .exited(code))] : [.wakeForRestart("a", afterMilliseconds: 100)]))
        #expect(machine.handle(.stopRequested, now: 0) == stop("b"))
        #expect(machine.handle(.exited("b", .exited(0)), now: 0) == [.finish])
    }

    @Test func stagesEndOneAfterTheOther() {
        var machine = machine([("redis", 4), ("worker-1", 2), ("worker-2", 2), ("api", 1), ("scheduler", 0)])
        #expect(machine.handle(.stopRequested, now: 0) == stop("scheduler"))
        #expect(machine.handle(.exited("scheduler", .exited(0)), now: 0) == stop("api"))
        #expect(machine.handle(.exited("api", .exited(0)), now: 0) == stop("worker-1") + stop("worker-2"))
        #expect(machine.handle(.exited("worker-2", .exited(0)), now: 0) == [])
        #expect(machine.handle(.stopLimitReached("worker-2", step: 0), now: 0) == [])
        #expect(machine.handle(.stopLimitReached("worker-1", step: 0), now: 0) == [.signal("worker-1", SIGKILL)])
        #expect(machine.handle(.exited("worker-1", .signaled(SIGKILL)), now: 0) == stop("redis"))
        #expect(machine.handle(.stopRequested, now: 0) == [])
        #expect(machine.handle(.exited("redis", .exited(0)), now: 0) == [.finish])
        #expect(machine.handle(.killRequested, now: 0) == [])
    }

    @Test func childThatDiesOutOfTurnWhileStoppingIsNotStartedAgain() {
        var machine = machine([("worker", 2), ("api", 1)])
        #expect(machine.handle(.stopRequested, now: 0) == stop("api"))
        #expect(machine.handle(.exited("worker", .signaled(SIGSEGV)), now: 0) == [])
        #expect(machine.handle(.exited("api", .exited(0)), now: 0) == [.finish])
    }

    @Test func childThatWaitsForItsRestartEndsAtOnce() {
        var machine = machine([("a", 0)])
        _ = machine.handle(.exited("a", .exited(1)), now: 0)
        #expect(machine.handle(.stopRequested, now: 0) == [.finish])
        #expect(machine.handle(.restartDue("a"), now: 0) == [])
    }

    @Test func childThatIsBeingLaunchedWhenTheStopComesIsStoppedOnceItRuns() {
        var machine = SupervisorMachine()
        _ = machine.handle(.added(child("a"), isRunning: false), now: 0)
        #expect(machine.handle(.stopRequested, now: 0) == [])
        #expect(machine.handle(.launched("a"), now: 0) == stop("a"))
        #expect(machine.handle(.exited("a", .exited(0)), now: 0) == [.finish])
    }

    @Test func childAddedWhileStoppingIsNotLeftBehind() {
        var machine = machine([("api", 1)])
        _ = machine.handle(.stopRequested, now: 0)
        #expect(machine.handle(.added(child("late", stage: 0), isRunning: true), now: 0) == stop("late"))
        #expect(machine.handle(.added(child("never", stage: 0), isRunning: false), now: 0) == [])
        #expect(machine.handle(.exited("api", .exited(0)), now: 0) == [])
        #expect(machine.handle(.exited("late", .exited(0)), now: 0) == [.finish])
    }

    @Test func secondSignalKillsEverythingAtOnce() {
        var machine = machine([("worker", 2), ("api", 1)])
        _ = machine.handle(.added(child("slow", stage: 3), isRunning: false), now: 0)
        _ = machine.handle(.stopRequested, now: 0)
        #expect(machine.handle(.killRequested, now: 0) == [.signal("api", SIGKILL), .signal("worker", SIGKILL)])
        #expect(machine.handle(.launched("slow"), now: 0) == [.signal("slow", SIGKILL)])
        for name in ["api", "worker"] {
            #expect(machine.handle(.exited(name, .signaled(SIGKILL)), now: 0) == [])
        }
        #expect(machine.handle(.exited("slow", .signaled(SIGKILL)), now: 0) == [.finish])
    }

    @Test func nothingToStopIsTheEnd() {
        var machine = SupervisorMachine()
        #expect(machine.handle(.stopRequested, now: 0) == [.finish])
    }
}
