public import Guard
import Postgres
import Redis

/// The variables that say where deliveries may go, and where they must not.
public enum OutboundSettings {
    /// `OUTBOUND_ALLOW`, and the places of our own: `API_LISTEN`, `METRICS_LISTEN`, `REDIS_URL`, `DATABASE_URL`.
    ///
    /// - Throws: exit 78 with the item that cannot be used.
    public static func addressGuard(_ settings: Settings) throws(ProgramError) -> AddressGuard {
        let rows: [AllowRow]
        do throws(AllowList.Fault) {
            rows = try AllowList.rows(settings.list("OUTBOUND_ALLOW"))
        } catch {
            throw Settings.invalid("OUTBOUND_ALLOW", value: error.item, error.reason)
        }
        let places = try listeners(settings) + servers(settings)
        return AddressGuard(rows: rows, ownPlaces: places, machine: IPAddress.ofThisMachine())
    }

    /// One process knows its own variables only: where `METRICS_LISTEN` is not set, both defaults count.
    private static func listeners(_ settings: Settings) throws(ProgramError) -> [OwnPlace] {
        var addresses = [("API_LISTEN", try settings.listenAddress("API_LISTEN", default: "127.0.0.1:8080"))]
        for usual in ["127.0.0.1:9101", "127.0.0.1:9102"] {
            guard let address = try settings.optionalListenAddress("METRICS_LISTEN", default: usual) else { continue }
            addresses.append(("METRICS_LISTEN", address))
        }
        var places: [OwnPlace] = []
        for (variable, address) in addresses {
            let place = OwnPlace(variable: variable, role: .listener, host: address.host, port: address.port)
            if let place, !places.contains(place) { places.append(place) }
        }
        return places
    }

    private static func servers(_ settings: Settings) throws(ProgramError) -> [OwnPlace] {
        var places: [OwnPlace?] = []
        if case .tcp(let host, let port) = try ServerSettings.redis(settings).endpoint {
            places.append(OwnPlace(variable: "REDIS_URL", role: .server, host: host, port: port))
        }
        for (host, port) in try ServerSettings.postgres(settings, applicationName: "").servers {
            places.append(OwnPlace(variable: "DATABASE_URL", role: .server, host: host, port: port))
        }
        return places.compactMap { $0 }
    }
}
