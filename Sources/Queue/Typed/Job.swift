/// A job as a value: what is encoded are its arguments, what it does is said by the handler that is registered for it.
///
///     struct SendReceipt: Job {
///         static let definition = JobDefinition("receipt.send", queue: "mail")
///
///         let order: Int
///         let address: String
///
///         var options: JobOptions { JobOptions(key: .unique("receipt-\(order)")) }
///     }
///
/// All that does not differ from job to job stands in one value, ``definition``, and not in a property each with a
/// default of its own: Swift would take a property of a nearly right type (an `Int` for an `Int64`, a key that is not
/// optional) for something else, and the default would win in silence.
public protocol Job: Codable, Sendable {
    /// What every job of this type has in common.
    static var definition: JobDefinition { get }

    /// What this one job has of its own: lane, key, delay. By default nothing.
    var options: JobOptions { get }

    /// Makes a job of the arguments that an earlier version of this type had encoded.
    ///
    /// Called for jobs whose version is lower than ``JobDefinition/version``; those of a higher one wait for a worker that
    /// knows them. What it throws buries the job, with its arguments; by default no earlier version is known.
    static func migrate(_ stored: StoredArguments) throws -> Self
}

extension Job {
    public var options: JobOptions { JobOptions() }

    public static func migrate(_ stored: StoredArguments) throws -> Self { throw stored.unknownVersion }
}
