public import Queue

/// Makes a tenant's export, a second each. Tenants take turns, whoever has how many waiting.
public struct Export: Job {
    public static let definition = JobDefinition("tenant.export", queue: "tenants")

    public let tenant: String
    public let number: Int

    public init(tenant: String, number: Int) {
        self.tenant = tenant
        self.number = number
    }

    public var options: JobOptions {
        JobOptions(lane: tenant)
    }
}
