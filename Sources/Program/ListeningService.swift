internal import Glibc
public import Hummingbird
internal import NIOCore
public import ServiceLifecycle

/// Runs an HTTP server and explains a failure to listen.
public struct ListeningService<Server: ApplicationProtocol>: Service {
    private let server: Server
    private let address: ListenAddress
    private let variable: String

    /// - Parameters:
    ///   - server: listens on `address`.
    ///   - address: shown in errors.
    ///   - variable: the variable that holds the address, shown in errors.
    public init(server: Server, address: ListenAddress, variable: String) {
        self.server = server
        self.address = address
        self.variable = variable
    }

    /// Serves until a graceful shutdown, which finishes the requests in flight.
    ///
    /// - Throws: `ProgramError` when the address cannot be listened on: exit 69 when another process holds it, else 78.
    public func run() async throws {
        do {
            try await server.run()
        } catch {
            throw Self.explained(error, address: address, variable: variable) ?? error
        }
    }

    private static func explained(
        _ error: any Error,
        address: ListenAddress,
        variable: String,
    ) -> ProgramError? {
        let reason: (code: ExitCode, text: String)
        switch error {
        case let error as IOError where error.errnoCode == EADDRINUSE:
            reason = (.unavailable, "address already in use")
        case let error as IOError where error.errnoCode == EADDRNOTAVAIL:
            reason = (.configuration, "expected an address of this machine")
        case let error as IOError where error.errnoCode == EACCES:
            reason = (.configuration, "not allowed to listen there; expected a port from 1024 to 65535")
        case let error as IOError:
            reason = (.unavailable, "cannot listen (system error \(error.errnoCode))")
        case is SocketAddressError, is SocketAddressError.UnknownHost:
            reason = (.configuration, "expected a host name or address that can be resolved")
        default:
            return nil
        }
        return ProgramError(reason.code, "\(variable)=\(address): \(reason.text)", underlying: error)
    }
}
