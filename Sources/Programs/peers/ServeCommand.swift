import ArgumentParser
import Basics
import Foundation
import Glibc
import Peers
import Program

/// `aventora-peers serve`.
struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Play the systems that jobs call.",
        discussion: """
            Twenty, the CRM's provisioning, the Hub, the assistant, domain-chatbot, TIPS and a subscriber, each on a \
            port of 127.0.0.1. Prints one line of JSON with the address of each once all listen.
            """
    )

    @Option(help: ArgumentHelp("Calls a minute that Twenty takes of a workspace; 0 for any number.", valueName: "n"))
    var twentyLimit = 0

    @Option(help: "How old Twenty is, which shows in its answer over the limit: oldest, middle or newest.")
    var twentyEra = "newest"

    @Option(help: ArgumentHelp("Agents that TIPS has from the start.", valueName: "n"))
    var tipsAgents = 0

    @Option(help: ArgumentHelp("Clients that each of them has.", valueName: "n"))
    var tipsClients = 0

    @Option(help: ArgumentHelp("Port of one peer, such as hub=9201; may be repeated. Else a free one.", valueName: "p"))
    var port: [String] = []

    @Option(
        help: ArgumentHelp("A webhook of Twenty for everything, signed with TWENTY_INBOUND_SECRETS.", valueName: "url"))
    var twentyWebhook: String?

    func run() async throws {
        // Nothing that a peer holds is worth a graceful end.
        for number in [SIGTERM, SIGINT] { _ = signal(number) { _ in _exit(0) } }
        try await PeersProgram.run(try options(ProcessInfo.processInfo.environment)) { addresses in
            let members = PeerName.allCases.map { name in
                JSONObject.Member(key: name.rawValue, value: .string(addresses[name] ?? ""))
            }
            let line = JSONValue.object(JSONObject(members: members)).encoded() + [UInt8(ascii: "\n")]
            DescriptorWriter(descriptor: STDOUT_FILENO).write(line: line)
        }
    }

    private func options(_ environment: [String: String]) throws(ProgramError) -> PeersOptions {
        var options = PeersOptions()
        guard twentyLimit >= 0, tipsAgents >= 0, tipsClients >= 0, let era = TwentyEra(rawValue: twentyEra) else {
            throw ProgramError(.usage, "numbers from 0 on, and oldest, middle or newest, are allowed")
        }
        (options.twentyLimit, options.era) = (twentyLimit, era)
        (options.tipsAgents, options.tipsClients) = (tipsAgents, tipsClients)
        for item in port {
            let parts = item.split(separator: "=")
            guard parts.count == 2, let name = PeerName(rawValue: String(parts[0])), let number = UInt16(parts[1])
            else { throw ProgramError(.usage, "--port: \(item) is not allowed (such as hub=9201)") }
            options.ports[name] = Int(number)
        }
        let secret = environment["TWENTY_INBOUND_SECRETS"]?.split(separator: ",").first.map(String.init) ?? ""
        options.webhook = twentyWebhook.map { ($0, secret) }
        options.secrets = PeerSecrets(environment: environment)
        return options
    }
}
