// Every call goes the same way: a place from the limiter that all processes share, one request, and an answer that is
// classified by status and message. Nothing is repeated here; what may be repeated is the caller's to know, and a job's
// own retry does it. Writes are made so that repeating them is harmless: by ids of ours, and by upserts.

public import Basics
internal import Crypto
public import Curl
public import Guard

/// Twenty's REST API for one workspace.
public struct TwentyClient: Sendable {
    /// Records of one batch. More are split; the servers' own limit is 60 in some versions and 200 in others.
    public static let batchLimit = 60

    /// Which workspace the limiter counts this for.
    public let bucket: String
    /// Where it is, for messages.
    public var place: String { service.address.description }
    private let service: ServiceClient
    private let limiter: TwentyLimiter

    /// A client over a service whose token is the API key and whose base is what `/rest` stands behind.
    ///
    /// - Parameter workspace: the workspace's id, where it is known; else it is read from the key, and where that does not
    ///   tell, each key counts for itself.
    public init(service: ServiceClient, limiter: TwentyLimiter, workspace: String? = nil) {
        (self.service, self.limiter) = (service, limiter)
        bucket = TwentyBucket.name(of: service.address, workspace: workspace)
    }

    /// The same, and the service with it.
    public init(
        _ address: ServiceAddress, client: CurlClient, outbound: AddressGuard, clock: any WallClock,
        limiter: TwentyLimiter, workspace: String? = nil
    ) {
        self.init(
            service: ServiceClient(address, client: client, outbound: outbound, clock: clock), limiter: limiter,
            workspace: workspace)
    }

    // MARK: Reading

    /// One page.
    public func page(
        _ object: TwentyObject, _ query: TwentyQuery = TwentyQuery()
    ) async throws(TwentyError) -> TwentyPage {
        let answer = try await call(ServiceRequest(.get, "/rest/\(object.plural)", query: query.parameters))
        guard let items = answer["data"]?.object?[object.plural]?.array else { throw Self.unexpected("no list") }
        let records = items.compactMap { TwentyRecord($0) }
        guard records.count == items.count else { throw Self.unexpected("a record without an id") }
        var next: String?
        if let info = answer["pageInfo"]?.object, info["hasNextPage"] == .bool(true) {
            guard let cursor = info["endCursor"]?.string, !cursor.isEmpty, cursor != query.after, !records.isEmpty
            else {
                throw Self.unexpected("a page that leads to itself")
            }
            next = cursor
        }
        return TwentyPage(records: records, nextCursor: next, totalCount: answer["totalCount"]?.integer)
    }

    /// One record that is not in the trash; nil when there is none.
    public func find(_ object: TwentyObject, id: String) async throws(TwentyError) -> TwentyRecord? {
        do throws(TwentyError) {
            let answer = try await call(
                ServiceRequest(.get, "/rest/\(object.plural)/\(PercentEncoding.encode(id))", query: Self.flat))
            return try Self.record(answer, object.singular)
        } catch {
            guard error.code == .notFound else { throw error }
            return nil
        }
    }

    // MARK: Writing

    /// Makes a record.
    ///
    /// - Parameter fields: with an `id` of ours (see ``NameBasedID``), so that making it twice is a `duplicate`.
    public func create(_ object: TwentyObject, _ fields: JSONObject) async throws(TwentyError) -> TwentyRecord {
        let answer = try await call(write(.post, "/rest/\(object.plural)", .object(fields)))
        return try Self.record(answer, object.answerKey("create"))
    }

    /// Makes a record under an id of ours, unless it is there already: a create that is repeated answers what the first
    /// one made, as it is by now.
    ///
    /// - Throws: `duplicate` when another record has what must be unique, or when the record is in the trash.
    public func ensure(
        _ object: TwentyObject, id: String, _ fields: JSONObject
    ) async throws(TwentyError) -> (record: TwentyRecord, wasCreated: Bool) {
        var whole = fields
        whole.members.removeAll { $0.key == "id" }
        whole.members.insert(.init(key: "id", value: .string(id)), at: 0)
        do throws(TwentyError) {
            return (try await create(object, whole), true)
        } catch {
            guard error.code == .duplicate, let record = try await find(object, id: id) else { throw error }
            return (record, false)
        }
    }

    /// Changes these fields of a record and no others. Throws `notFound` for one that is gone.
    public func patch(
        _ object: TwentyObject, id: String, _ fields: JSONObject
    ) async throws(TwentyError) -> TwentyRecord {
        let path = "/rest/\(object.plural)/\(PercentEncoding.encode(id))"
        return try Self.record(
            try await call(write(.patch, path, .object(fields))), object.answerKey("update"))
    }

    /// Makes or changes at most ``batchLimit`` records in one call, by their ids and unique fields; all of them or none.
    /// It takes what it finds in the trash out of it.
    ///
    /// - Returns: the records as they are now, in no particular order.
    func upsertOnce(_ object: TwentyObject, _ records: [JSONObject]) async throws(TwentyError) -> [TwentyRecord] {
        let request = write(
            .post, "/rest/batch/\(object.plural)", .array(records.map { .object($0) }),
            query: [("upsert", "true")])
        let key = object.answerKey("create", many: true)
        guard let items = try await call(request)["data"]?.object?[key]?.array else {
            throw Self.unexpected("no \(key)")
        }
        return items.compactMap { TwentyRecord($0) }
    }

    // MARK: Calls

    private static let flat = [(name: "depth", value: "0")]

    /// Twenty knows no idempotency keys so far; what stands between may. It is the same for the same request.
    private func write(
        _ method: CurlRequest.Method, _ path: String, _ value: JSONValue, query: [(name: String, value: String)] = []
    ) -> ServiceRequest {
        let body = value.encoded()
        let query = query + Self.flat
        var headers: [(name: String, value: String)] = []
        if method == .post {
            let place = Array("\(path)\n\(query)\n".utf8)
            let digest = Hexadecimal.encode(SHA256.hash(data: place + body).prefix(16))
            headers.append(("Idempotency-Key", digest))
        }
        return ServiceRequest(method, path, query: query, headers: headers, body: body)
    }

    func call(_ request: ServiceRequest) async throws(TwentyError) -> JSONObject {
        try await limiter.take(bucket)
        let reply: ServiceReply
        let value: JSONValue
        do throws(ServiceError) {
            reply = try await service.send(request)
            value = reply.isSuccess ? try reply.json() : .null
        } catch {
            throw TwentyError(error)
        }
        guard reply.isSuccess else {
            let error = TwentyError(reply)
            if error.code == .rateLimit, let wait = error.retryAfterMilliseconds {
                await limiter.hold(bucket, milliseconds: wait)
            }
            throw error
        }
        guard let object = value.object else { throw Self.unexpected("no object") }
        return object
    }

    private static func record(_ answer: JSONObject, _ key: String) throws(TwentyError) -> TwentyRecord {
        guard let record = TwentyRecord(answer["data"]?.object?[key]) else { throw unexpected("no \(key)") }
        return record
    }

    /// A success that is not what Twenty would say may be somebody else's.
    static func unexpected(_ what: String) -> TwentyError {
        TwentyError(.serverError, "the answer is not one of Twenty's: \(what)", status: 200)
    }
}
