public import Queue

/// Brings a document into the index: two seconds after its last edit, or thirty after the first one not indexed yet.
public struct Reindex: Job {
    public static let definition = JobDefinition("document.reindex", queue: "tenants")

    public let tenant: String
    public let document: String
    public let revision: Int

    public init(tenant: String, document: String, revision: Int) {
        self.tenant = tenant
        self.document = document
        self.revision = revision
    }

    public var options: JobOptions {
        let key = JobKey.debounce("doc-\(document)", quietMilliseconds: 2_000, longestMilliseconds: 30_000)
        return JobOptions(lane: tenant, key: key)
    }
}
