/// Decides which addresses a transfer may use.
///
/// Asked for the address of each socket before it connects, so for what a name really resolved to, and again before the
/// request is written, so on reused connections too. One refusal fails the whole transfer with
/// ``CurlError/Code/addressRefused``, even when another address of the same name would be allowed.
public protocol CurlAddressPolicy: Sendable {
    /// Called on the client's thread, which serves every transfer: must be quick, must not wait.
    func allows(_ address: CurlAddress) -> Bool
}
