import ArgumentParser

/// `aventora-bench`: what `make bench` runs.
@main
struct AventoraBench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "aventora-bench",
        abstract: "Measure the system on this machine, beside its peers.",
        subcommands: [
            RunCommand.self, NoopWorkerCommand.self, StampedWorkerCommand.self, LoadCommand.self, BareRouteCommand.self,
            MemoryWorkerCommand.self, BareCurlCommand.self, TargetsCommand.self,
        ],
        defaultSubcommand: RunCommand.self
    )
}
