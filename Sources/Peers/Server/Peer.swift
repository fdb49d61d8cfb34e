public import Basics

/// Which of the outside systems a peer plays.
public enum PeerName: String, Sendable, Hashable, CaseIterable {
    /// The CRM's records: `/rest/…`.
    case twenty
    /// The CRM's provisioning: `/auth/provision/…`.
    case provisioning
    /// Aventora-phone: `/integration/…`.
    case hub
    /// The assistant: `/internal/crm-hub-provision`.
    case assistant
    /// domain-chatbot.
    case chatbot
    /// The advisers' system.
    case tips
    /// A customer's system that takes webhooks of ours.
    case subscriber
}

/// One system that is played. It answers a request at once and whole, so that what it holds changes in one step;
/// slowness and failures are ``PeerFaults``' part.
public protocol Peer: Sendable {
    /// Whom it plays.
    var name: PeerName { get }

    /// What it says to a request. Called from many threads.
    func answer(_ request: PeerRequest) -> PeerAnswer

    /// All that it holds.
    func state() -> JSONObject

    /// Takes the members of `state` in place of its own; those that are not named stay.
    ///
    /// - Throws: what cannot be used; nothing has changed then.
    func replace(_ state: JSONObject) throws(InputError)
}
