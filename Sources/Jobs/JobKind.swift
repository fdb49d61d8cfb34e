/// The kinds of job that this module runs.
public enum JobKind {
    /// Posts one engagement to one CRM target.
    public static let engagementPush = "engagement.push"
    /// Finds an event's targets and enqueues one push for each.
    public static let engagementRoute = "engagement.route"
    /// Asks the Hub for an engagement.
    public static let engagementStart = "engagement.start"
    /// Asks the Hub to end an engagement.
    public static let engagementCancel = "engagement.cancel"
    /// Engages many people one after the other.
    public static let engagementBulk = "engagement.bulk"
    /// Asks the Hub about engagements that are not over.
    public static let engagementReconcile = "engagement.reconcile"
    /// Lets rules answer a signal about a lead.
    public static let cockpitAutoRun = "cockpit.auto_run"
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
    /// Has the assistant set a workspace's Hub up, or bring its members there.
    public static let hubProvision = "hub.provision"
    /// Sets up the Hub of one workspace of a backfill.
    public static let hubBackfill = "hub.backfill"
    /// Deletes a demo's CRM workspace.
    public static let demoTeardown = "demo.teardown"
    /// Works through a replay, batch by batch.
    public static let replayRun = "replay.run"
    /// Makes or changes one person in Twenty.
    public static let crmUpsertPerson = "crm.upsert_person"
    /// Makes or changes one company in Twenty.
    public static let crmUpsertCompany = "crm.upsert_company"
    /// Makes or changes many records in Twenty.
    public static let crmUpsertBatch = "crm.upsert_batch"
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
