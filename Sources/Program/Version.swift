/// The release that this build belongs to.
public enum Version {
    /// Shown by `--version`, in worker heartbeats and in the page.
    public static let current = "0.1.0"
}
