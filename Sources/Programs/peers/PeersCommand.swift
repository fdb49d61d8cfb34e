import ArgumentParser
import Program

/// `aventora-peers`: the systems that jobs call, and a day of theirs.
@main
struct PeersCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "aventora-peers",
        abstract: "Play the systems that jobs call, for tests and for aventora dev --with-peers.",
        version: Version.current,
        subcommands: [ServeCommand.self, DayCommand.self],
        defaultSubcommand: ServeCommand.self
    )
}
