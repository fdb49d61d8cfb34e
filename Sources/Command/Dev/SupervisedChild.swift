/// A process that the supervisor starts, and starts again.
package struct SupervisedChild: Sendable {
    /// Its name, stage and stop signals.
    package let child: SupervisorMachine.Child
    /// Starts it and returns once it runs (a program) or serves (a server). Nothing is left running when it throws.
    package let launch: @Sendable () async throws(CommandError) -> ChildProcess

    package init(
        _ child: SupervisorMachine.Child, launch: @escaping @Sendable () async throws(CommandError) -> ChildProcess
    ) {
        self.child = child
        self.launch = launch
    }
}
