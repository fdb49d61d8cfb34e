public import Basics
public import Curl
public import Guard

/// Calls one of the systems that jobs work with. Every call is judged by the guard, bounded in time and size, and tells
/// of failures without telling secrets. It never repeats a call by itself: whether that is safe only the caller knows.
public struct ServiceClient: Sendable {
    /// Whom it calls.
    public let address: ServiceAddress
    private let client: CurlClient
    private let outbound: AddressGuard
    private let clock: any WallClock
    private let timeoutMilliseconds: Int
    private let responseLimitBytes: Int

    /// - Parameters:
    ///   - outbound: where deliveries may go; a service that a variable names is opened beside it.
    ///   - timeoutMilliseconds: for one call, from its start to the end of the answer.
    ///   - responseLimitBytes: a longer answer is `unreadable`.
    public init(
        _ address: ServiceAddress, client: CurlClient, outbound: AddressGuard, clock: any WallClock,
        timeoutMilliseconds: Int = 10_000, responseLimitBytes: Int = 8 << 20
    ) {
        self.address = address
        self.client = client
        self.outbound = address.rows.isEmpty ? outbound : outbound.opening(address.rows)
        self.clock = clock
        self.timeoutMilliseconds = timeoutMilliseconds
        self.responseLimitBytes = responseLimitBytes
    }

    /// Calls once; the answer, whatever its status.
    ///
    /// - Throws: when there is no whole answer.
    public func send(_ call: ServiceRequest) async throws(ServiceError) -> ServiceReply {
        let mask = SecretMask(call.secrets + address.secrets)
        let port = UInt16(truncatingIfNeeded: address.base.port)
        if let refusal = outbound.verdict(of: address.base.target, port: port)?.refusal {
            throw ServiceError(.addressRefused, service: address.name, refusal.description)
        }
        let target = outbound.target(address.base.target, port: port)
        do {
            let response = try await client.send(request(call, target))
            guard !response.bodyIsTruncated else {
                throw ServiceError(
                    .unreadable, service: address.name, "the answer is longer than \(responseLimitBytes) bytes",
                    status: response.status)
            }
            let hint = response.header("Retry-After").flatMap {
                RetryAfter.parse($0, nowMilliseconds: clock.nowMilliseconds())
            }
            return ServiceReply(service: address.name, response, retryAfterMilliseconds: hint, mask: mask)
        } catch let error as CurlError {
            throw failure(error, target)
        } catch let error as ServiceError {
            throw error
        } catch {
            throw ServiceError(.ours, service: address.name, "\(error)")
        }
    }

    private func request(_ call: ServiceRequest, _ target: GuardedTarget) -> CurlRequest {
        var request = CurlRequest(
            method: call.method, url: address.url(path: call.path, query: call.query), headers: call.headers,
            body: call.body ?? [])
        func add(_ name: String, _ value: @autoclosure () -> String) {
            guard !call.headers.contains(where: { $0.name.lowercased() == name.lowercased() }) else { return }
            request.headers.append((name, value()))
        }
        if let token = address.token { add("Authorization", "Bearer \(token.revealed)") }
        if call.body != nil { add("Content-Type", "application/json") }
        request.connectTimeoutMilliseconds = timeoutMilliseconds
        request.totalTimeoutMilliseconds = timeoutMilliseconds
        request.responseLimitBytes = responseLimitBytes
        request.addressPolicy = target
        // Only what changes nothing may be sent again where a kept connection broke.
        request.resendsOnStaleConnection = call.method == .get
        return request
    }

    private func failure(_ error: CurlError, _ target: GuardedTarget) -> ServiceError {
        if Task.isCancelled || error.isOurs {
            return ServiceError(.ours, service: address.name, "the call was stopped: \(error.code)")
        }
        let refusal = error.refusedAddress.flatMap { target.verdict(of: IPAddress($0), port: $0.port).refusal }
        let code: ServiceError.Code =
            switch error.code {
            case .addressRefused: .addressRefused
            case .timedOut: .timedOut
            case .invalidRequest: .refused
            default: .unreachable
            }
        return ServiceError(
            code, service: address.name, refusal?.description ?? error.message, status: error.status)
    }
}

extension ServiceAddress {
    /// What must not show of a call: the token, and what in the address may be one.
    var secrets: [String] { [token?.revealed].compactMap { $0 } + base.tokens }
}
