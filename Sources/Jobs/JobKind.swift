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
    /// Works through a replay, batch by batch.
    public static let replayRun = "replay.run"
    /// Brings TIPS's agents and clients into the CRM.
    public static let tipsSync = "tips.sync"
    /// Brings one agent and their clients.
    public static let tipsSyncAgent = "tips.sync_agent"
    /// Makes the fields that this needs.
    public static let tipsBootstrapFields = "tips.bootstrap_fields"
    /// Takes old rows out of the history and the ledger of ticks.
    public static let prune = "upkeep.prune"
    /// Makes and drops the days of the attempt log.
    public static let log = "upkeep.log"
}
