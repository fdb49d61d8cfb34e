public import Queue

/// The headers of an engagement push. The same on every attempt of a job.
public enum PushHeaders {
    /// Carries the shared secret.
    public static let secretName = "X-Aventora-Webhook-Secret"

    /// What `webhook-id` says of a job's push.
    public static func webhookID(of jobID: JobID) -> String { "msg_\(jobID)" }

    /// In the order they are sent. `webhookID`: stable over the attempts of one push, like the job's id.
    public static func make(webhookID: String, secret: WebhookSecret?) -> [(name: String, value: String)] {
        var headers = [(name: "Content-Type", value: "application/json"), (name: "webhook-id", value: webhookID)]
        if let secret { headers.append((name: secretName, value: secret.revealed)) }
        return headers
    }
}
