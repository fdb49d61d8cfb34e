// One process for all peers: they share the CRM's data, and a test has one process to end.

internal import Basics
internal import Logging
internal import ServiceLifecycle
internal import Threads

/// What `aventora-peers` is to play, and where.
public struct PeersOptions: Sendable {
    /// Calls a minute that Twenty takes of a workspace; 0 for any number.
    public var twentyLimit = 0
    /// How old Twenty is.
    public var era = TwentyEra.newest
    /// TIPS's agents at the start, and the clients of each.
    public var tipsAgents = 0
    /// See ``tipsAgents``.
    public var tipsClients = 0
    /// A peer that is not named takes a free port.
    public var ports: [PeerName: Int] = [:]
    /// A webhook of the first workspace for everything that happens, and its secret; an empty one signs nothing.
    public var webhook: (url: String, secret: String)?
    /// What callers have to show.
    public var secrets = PeerSecrets()

    /// Empty systems without limits on free ports.
    public init() {}
}

/// Runs all peers.
public enum PeersProgram {
    /// Runs until the process is told to stop.
    ///
    /// - Parameter onReady: told the address of every peer, once all listen.
    public static func run(
        _ options: PeersOptions, onReady: @escaping @Sendable ([PeerName: String]) -> Void
    ) async throws {
        var logger = Logger(label: "aventora-peers")
        logger.logLevel = .error
        let servers = make(options)
        let addresses = Locked<[PeerName: String]>([:])
        try await withThrowingTaskGroup(of: Void.self) { [logger] group in
            for server in servers.list {
                let name = server.peer.name
                let service = server.service(port: options.ports[name] ?? 0, logger: logger) { port in
                    let all = addresses.withLock { addresses in
                        addresses[name] = "http://127.0.0.1:\(port)"
                        return addresses
                    }
                    if all.count == PeerName.allCases.count { onReady(all) }
                }
                group.addTask {
                    let services = ServiceGroup(
                        services: [service], gracefulShutdownSignals: [], cancellationSignals: [], logger: logger)
                    try await services.run()
                }
            }
            group.addTask { await servers.crm.outgoing.run() }
            try await group.waitForAll()
        }
    }

    private static func make(_ options: PeersOptions) -> (list: [PeerServer], crm: CRM) {
        let secrets = options.secrets
        let clocks = Dictionary(uniqueKeysWithValues: PeerName.allCases.map { ($0, PeerClock()) })
        let crmClock = PeerClock()
        let crm = CRM(clock: crmClock, options: options)
        let domains = Domains(crm)
        func clock(_ name: PeerName) -> PeerClock { clocks[name] ?? crmClock }
        let list = [
            PeerServer(TwentyPeer(crm), clock: crmClock),
            PeerServer(ProvisioningPeer(crm, secrets: secrets), clock: crmClock),
            PeerServer(HubPeer(clock: clock(.hub), secrets: secrets), clock: clock(.hub)),
            PeerServer(AssistantPeer(domains, secrets: secrets), clock: clock(.assistant)),
            PeerServer(ChatbotPeer(domains, secrets: secrets), clock: clock(.chatbot)),
            PeerServer(
                TipsPeer(
                    clock: clock(.tips), secrets: secrets, agents: options.tipsAgents, clients: options.tipsClients),
                clock: clock(.tips)),
            PeerServer(SubscriberPeer(clock: clock(.subscriber)), clock: clock(.subscriber)),
        ]
        return (list, crm)
    }
}
