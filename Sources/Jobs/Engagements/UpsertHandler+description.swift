import Basics
import Queue

extension UpsertHandler {
    /// What is known of `engagement.upsert` jobs.
    public static let description = KindDescription(
        name: JobKind.engagementUpsert,
        summary: "Writes a received push into the CRM's table, if it is newer than what is there.",
        queue: JobQueue.crm,
        retry: JobPolicy.internalWork,
        leavesTrace: true,
        arguments: .object(
            [
                .required("engagement_id", .name),
                .required("sent_at", .time, "When it was built: the newest push wins."),
            ]
                + EngagementFields.identifiers.dropFirst().map { .optional($0, .name) }
                + (EngagementFields.texts + ["event_type", "delivery_type"]).map {
                    .optional($0, .text(maximumBytes: 65_536))
                }
                + EngagementFields.times.map { .optional($0, .time) }
                + EngagementFields.lists.map { .optional($0, .list(.anything, maximumCount: 200_000)) },
            allowsOthers: true),
        check: { bytes throws(InputError) in _ = try ReceivedPush.decode(bytes) })
}
