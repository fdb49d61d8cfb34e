/// One numbered step of the database's schema. Steps are only ever appended; a published one never changes.
public struct Migration: Sendable, Hashable {
    /// Its number, from 1, ascending.
    public let version: Int64
    /// Its file's name without number and ending.
    public let name: String
    /// Its statements. They must work inside a transaction.
    public let sql: String

    /// A step.
    public init(version: Int64, name: String, sql: String) {
        self.version = version
        self.name = name
        self.sql = sql
    }

    /// Every step of this release, in order. (SwiftPM names a resource by its file, the first digit made a `_`.)
    public static let all: [Migration] = [
        Migration(1, "finished_jobs", PackageResources._001_finished_jobs_sql),
        Migration(2, "engagements", PackageResources._002_engagements_sql),
        Migration(3, "outbox", PackageResources._003_outbox_sql),
        Migration(4, "ticks", PackageResources._004_ticks_sql),
        Migration(5, "deliveries", PackageResources._005_deliveries_sql),
        Migration(6, "endpoints", PackageResources._006_endpoints_sql),
        Migration(7, "superseded", PackageResources._007_superseded_sql),
        Migration(8, "order_by", PackageResources._008_order_by_sql),
        Migration(9, "replays", PackageResources._009_replays_sql),
        Migration(10, "tips", PackageResources._010_tips_sql),
        Migration(11, "twenty", PackageResources._011_twenty_sql),
        Migration(12, "hub_backfills", PackageResources._012_hub_backfills_sql),
        Migration(13, "engagement_starts", PackageResources._013_engagement_starts_sql),
        Migration(14, "inbound", PackageResources._014_inbound_sql),
    ]

    private init(_ version: Int64, _ name: String, _ bytes: [UInt8]) {
        self.init(version: version, name: name, sql: String(decoding: bytes, as: UTF8.self))
    }
}
