import Redis

extension RedisConfiguration {
    /// - Throws: ``QueueError/Code/invalidAddress``; the text shows nothing of the URL.
    init(address url: String) throws(QueueError) {
        do { try self.init(url: url) } catch { throw QueueError(.invalidAddress, error.message, underlying: error) }
    }
}
