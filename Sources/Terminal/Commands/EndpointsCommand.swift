public import ArgumentParser

/// `aventora endpoints`
public struct EndpointsCommand: AsyncParsableCommand {
    public static let configuration = CommandConfiguration(
        commandName: "endpoints",
        abstract: "Say whether deliveries may go to an address, and why.",
        subcommands: [ExplainEndpointCommand.self]
    )

    public init() {}
}
