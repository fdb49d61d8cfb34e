/// Names that are refused or known without asking anybody. All others are judged by the addresses that they lead to.
enum HostNames {
    /// The names of the clouds' metadata services.
    private static let metadata: Set<String> = [
        "api.metadata.cloud.ibm.com", "instance-data", "instance-data.ec2.internal", "metadata",
        "metadata.aws.internal",
        "metadata.azure.internal", "metadata.goog", "metadata.google.internal", "metadata.oraclecloud.com",
        "metadata.packet.net", "metadata.platformequinix.com", "metadata.tencentyun.com", "rancher-metadata",
    ]

    private static let loopback: Set<String> = [
        "ip6-localhost", "ip6-loopback", "localhost", "localhost.localdomain", "localhost4", "localhost6",
        "localhost6.localdomain6",
    ]

    /// What a name stands for, if that is known: `.metadata` or `.loopback`.
    static func kind(of name: String) -> AddressKind? {
        if metadata.contains(name) || name.hasSuffix(".metadata.google.internal") { return .metadata }
        if loopback.contains(name) || name.hasSuffix(".localhost") { return .loopback }
        return nil
    }
}
