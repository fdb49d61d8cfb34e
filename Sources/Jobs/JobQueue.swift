public import Queue

/// The queues of this system.
public enum JobQueue {
    /// Everything that ends in an HTTP request to a target.
    public static let webhooks: QueueName = "webhooks"
    /// What the CRM's side does with what it receives.
    public static let crm: QueueName = "crm"
    /// Calls that set up Hubs.
    public static let hub: QueueName = "hub"
    /// What comes from TIPS.
    public static let tips: QueueName = "tips"
    /// What the system does for itself.
    public static let upkeep: QueueName = "upkeep"

    /// All of them, in the order in which they are shown.
    public static let all = [webhooks, crm, hub, tips, upkeep]
}
