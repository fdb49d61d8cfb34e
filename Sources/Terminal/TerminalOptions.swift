import ArgumentParser

/// What every command that looks at the system takes.
struct TerminalOptions: ParsableArguments {
    @Flag(help: "Answer in JSON, as the API does.")
    var json = false

    @Option(help: ArgumentHelp("File of KEY=value lines; the environment wins over it.", valueName: "file"))
    var envFile: String?
}
