public import ArgumentParser

/// `aventora hub`
public struct HubCommand: AsyncParsableCommand {
    public static let configuration = CommandConfiguration(
        commandName: "hub",
        abstract: "Set Hubs up for workspaces that the CRM has already.",
        subcommands: [BackfillCommand.self]
    )

    public init() {}
}
