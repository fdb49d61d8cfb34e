public import Queue

/// Publishes one revision of a document. The revisions of one document go out one after another, in their order.
public struct Publish: Job {
    public static let definition = JobDefinition(
        "document.publish", queue: "tenants", retry: RetryPolicy(attempts: 3, delayMilliseconds: 10_000))

    public let tenant: String
    public let document: String
    public let revision: Int

    public init(tenant: String, document: String, revision: Int) {
        self.tenant = tenant
        self.document = document
        self.revision = revision
    }

    public var options: JobOptions {
        JobOptions(lane: tenant, orderKey: "document-\(document)")
    }
}
