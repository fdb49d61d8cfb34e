import Basics
public import Queue

extension RecordSyncHandler {
    /// Four attempts, from 1 s doubling up to 30 s, as the systems that were here before did it. A limit spends none.
    public static let retry = RetryPolicy(
        attempts: 4, firstMilliseconds: 1_000, capMilliseconds: 30_000, jitterPercent: 20)

    /// One limit, one lane.
    static let lane = "twenty"

    /// What is known of the three kinds.
    public static let descriptions = [
        description(
            JobKind.crmUpsertPerson, "Makes or changes one person in Twenty, and the company if there is none yet.",
            .object(person, allowsOthers: false)
        ) { bytes throws(InputError) in _ = try FieldReader.item(bytes, .person) },
        description(
            JobKind.crmUpsertCompany, "Makes or changes one company in Twenty.", .object(company, allowsOthers: false)
        ) { bytes throws(InputError) in _ = try FieldReader.item(bytes, .company) },
        description(
            JobKind.crmUpsertBatch, "Makes or changes many companies and people in Twenty, sixty to a call.",
            .object(
                [
                    .optional(
                        "companies",
                        .list(.object(company, allowsOthers: false), maximumCount: SyncBatchArguments.maximumCount)),
                    .optional(
                        "people",
                        .list(.object(person, allowsOthers: false), maximumCount: SyncBatchArguments.maximumCount)),
                ], allowsOthers: false)
        ) { bytes throws(InputError) in
            guard bytes.count <= SyncBatchArguments.maximumBytes else {
                let detail = "At most \(SyncBatchArguments.maximumBytes) bytes are allowed; make several batches of it."
                throw InputError(problems: [.init(pointer: "", detail: detail)])
            }
            _ = try SyncBatchArguments.decode(bytes)
        },
    ]

    private static func description(
        _ name: String, _ summary: String, _ arguments: ArgumentSchema,
        check: @escaping @Sendable ([UInt8]) throws(InputError) -> Void
    ) -> KindDescription {
        KindDescription(
            name: name, summary: summary, queue: JobQueue.crm, retry: retry, leavesTrace: true, arguments: arguments,
            check: check, lane: { _ in lane })
    }

    private static let person: [ArgumentSchema.Member] = [
        .required("external_id", .name, "Ours; the same id is always the same person."),
        .optional("name", text, "The first word is the first name."),
        .optional("first_name", text), .optional("last_name", text),
        .optional("email", .text(maximumBytes: 320)),
        .optional("phone", .text(maximumBytes: 50), "International, with a plus sign."),
        .optional("job_title", text),
        .optional("company_external_id", .name, "The company is made if there is none yet."),
        .optional("company_name", text, "For a company that has to be made."),
        .optional("fields", .object([], allowsOthers: true), "More fields by their API names."),
    ]
    private static let company: [ArgumentSchema.Member] = [
        .required("external_id", .name, "Ours; the same id is always the same company."),
        .optional("name", text), .optional("website", .text(maximumBytes: 1_000)),
        .optional("fields", .object([], allowsOthers: true), "More fields by their API names."),
    ]
    private static let text = ArgumentSchema.text(maximumBytes: 500)
}
