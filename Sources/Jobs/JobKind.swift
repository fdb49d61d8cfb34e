/// The kinds of job that this module runs.
public enum JobKind {
    /// Posts one engagement to one CRM target.
    public static let engagementPush = "engagement.push"
    /// Finds an event's targets and enqueues one push for each.
    public static let engagementRoute = "engagement.route"
    /// Writes a received push into the CRM's table.
    public static let engagementUpsert = "engagement.upsert"
    /// Posts one event to one subscription.
    public static let endpointDeliver = "endpoint.deliver"
    /// Finds the subscriptions that want an event and enqueues one delivery for each.
    public static let endpointRoute = "endpoint.route"
    /// Finds or makes the person of a call that starts.
    public static let callBootstrap = "call.bootstrap"
    /// Finds what a Twenty workspace did not tell.
    public static let twentyReconcile = "twenty.reconcile"
    /// Tells subscriptions of a change in a Twenty workspace.
    public static let twentyEvent = "twenty.event"
    /// Works through a replay, batch by batch.
    public static let replayRun = "replay.run"
    /// Takes old rows out of the history and the ledger of ticks.
    public static let prune = "upkeep.prune"
    /// Makes and drops the days of the attempt log.
    public static let log = "upkeep.log"
}
