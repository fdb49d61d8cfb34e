import Guard
import Testing

/// A URL and what becomes of it.
struct OutboundRow: Sendable, CustomTestStringConvertible {
    enum Outcome: Sendable {
        /// The URL itself cannot be used; the sentence holds this.
        case unusable(String)
        /// The guard refuses it, with this code.
        case refused(String)
        /// The name has no address.
        case unknown
        /// It may be reached; by this item of the allow-list.
        case allowed(String?)
    }

    let url: String
    let outcome: Outcome

    var testDescription: String { url }
}

/// Every way that is known of to write a way in, and the ways that must stay open.
enum OutboundRows {
    static let allow = [
        "127.0.0.1:9000", "[::1]:9000", "10.1.0.0/16", "fd12::/16", "hub.lan", "hub.lan:8443", "crm.example:8443",
        "172.20.0.7", "192.168.7.7:3000", "127.0.0.1:8080", "100.64.0.0/10", "198.51.100.9", "odd.example",
    ]

    static let places = [
        OwnPlace(variable: "API_LISTEN", role: .listener, host: "127.0.0.1", port: 8_080),
        OwnPlace(variable: "METRICS_LISTEN", role: .listener, host: "0.0.0.0", port: 9_101),
        OwnPlace(variable: "REDIS_URL", role: .server, host: "10.1.0.6", port: 6_379),
        OwnPlace(variable: "DATABASE_URL", role: .server, host: "database", port: 5_432),
    ].compactMap { $0 }

    /// The names of the table and what they lead to.
    static let names: [String: [String]] = [
        "crm.example": ["93.184.216.34", "2606:2800:220:1::1"], "hub.lan": ["10.9.0.5"], "odd.example": ["10.2.2.2"],
        "inside.example": ["10.1.2.3"], "outside.example": ["10.2.2.3"],
        "rebound.example": ["93.184.216.34", "127.0.0.1"],
        "metadata.example": ["169.254.169.254"], "v6.example": ["2606:4700::1111"],
        "mapped.example": ["::ffff:10.1.0.1"],
        "nat64.example": ["64:ff9b::808:808"], "nat64-inside.example": ["64:ff9b::a01:1"],
        "redis.example": ["10.1.0.6"],
        "a.b-c_d.example": ["8.8.8.8"], "xn--bcher-kva.example": ["1.1.1.1"], "localhost": ["::1", "127.0.0.1"],
        "database": ["10.1.0.8"], "empty.example": [], "127.0.0.1.nip.example": ["127.0.0.1"], "example": ["1.1.1.1"],
        "0x7f.1.example": ["127.0.0.1"], "metadata.internal": ["10.1.4.4"], "host.docker.internal": ["192.168.65.2"],
    ]

    static let all: [OutboundRow] = unusable + spellings + refused + own + named + allowed

    private static func rows(_ outcome: OutboundRow.Outcome, _ urls: String...) -> [OutboundRow] {
        urls.map { OutboundRow(url: $0, outcome: outcome) }
    }

    private static let unusable: [OutboundRow] =
        rows(
            .unusable("http"), "", "x", "//crm.example/", "crm.example/hook", "ftp://crm.example/",
            "file:///etc/passwd",
            "gopher://crm.example:6379/_x", "javascript:alert(1)", "dict://127.0.0.1:6379/info",
            "unix:///run/redis.sock",
            "data:text/plain,x", "ldap://crm.example/", "https:/crm.example/", "http:crm.example", "http;//crm.example",
            "view-source:http://crm.example/")
        + rows(
            .unusable("no host"), "http://", "http:///hook", "https://:443/", "http://?x", "http://#x", "http://./",
            "http://::1/")
        + rows(
            .unusable("user information"), "http://user@crm.example/", "http://user:pass@crm.example/",
            "http://crm.example@127.0.0.1/", "http://127.0.0.1@crm.example/", "http://:@crm.example/",
            "http://@crm.example/",
            "http://crm.example:80@10.0.0.1/")
        + rows(
            .unusable("control character"), "http://crm.example/\r\nX: y", "http://crm.example/\n",
            "http://crm.example/\u{0}",
            "http://crm.example/a b", " http://crm.example/", "http://crm.example/ ", "http://crm\t.example/",
            "http://127.0.0.1\r\n:9000/", "http://crm.example/\u{7f}", "http://crm.exam\u{200b}ple/",
            "http://bücher.example/",
            "http://１２７.0.0.1/", "http://127。0。0。1/", "http://①②⑦.⓪.⓪.①/", "http://crm｡example/", "http://[::1]\u{a0}/")
        + rows(
            .unusable("backslash"), "http://crm.example\\@127.0.0.1/", "http:\\\\crm.example/", "http://crm.example\\/x"
        )
        + rows(
            .unusable("IPv6"), "http://[::1", "http://[::1]x/", "http://[]/", "http://[1.2.3.4]/",
            "http://[fe80::1%25eth0]/",
            "http://[fe80::1%eth0]/", "http://[::g]/", "http://[::ffff:256.1.1.1]/", "http://[crm.example]/",
            "http://[::1]]/", "http://[[::1]]/", "http://[v1.x]/", "http://[::1%00]/")
        + rows(
            .unusable("name or an address"), "http://127%2e0%2e0%2e1/", "http://%31%32%37.0.0.1/",
            "http://crm.example%00/",
            "http://crm,example/", "http://crm!example/", "http://(crm.example)/", "http://crm.example*/",
            "http://127.0.0.1;x/", "http://crm.example&x/", "http://$(id)/")
        + rows(
            .unusable("port"), "http://crm.example:0/", "http://crm.example:65536/", "http://crm.example:/",
            "http://crm.example:x/", "http://crm.example:-1/", "http://crm.example:+80/", "http://crm.example:80:80/",
            "http://crm.example:0x50/", "http://crm.example:99999999999999999999/", "http://[::1]:/")
        + rows(
            .unusable("ends in a number"), "http://256.256.256.256/", "http://1.2.3.4.5/", "http://127.0.0.1./",
            "http://0x100000000/", "http://4294967296/", "http://08.0.0.1/", "http://1.2.3.256/",
            "http://crm.example.1/",
            "http://127..1/", "http://0x7g.1/")
        + rows(
            .unusable("label"), "http://a..b.example/", "http://.example/", "http://crm.example../",
            "http://" + String(repeating: "a", count: 64) + ".example/",
            "http://" + String(repeating: "a.", count: 127) + "example/")
        + rows(.unusable("2048"), "http://crm.example/" + String(repeating: "a", count: 2_030))

    /// Loopback and other closed addresses, however they are written.
    private static let spellings: [OutboundRow] =
        rows(
            .refused("loopback"), "http://127.0.0.1/", "http://127.1/", "http://127.0.1/", "http://0x7f.1/",
            "http://0x7f000001/",
            "http://0X7F.0.0.1/", "http://2130706433/", "http://017700000001/", "http://0177.0.0.1/",
            "http://0177.0x0.0.1/",
            "http://127.0.0.1:9001/", "http://127.0.0.2:9000/", "http://127.255.255.254/", "https://127.0.0.1/",
            "http://[::1]/", "http://[0:0:0:0:0:0:0:1]/", "http://[::0001]:443/", "http://127.0.0.1:80/?@crm.example/",
            "http://127.0.0.1#@crm.example/", "http://0x7f.0x0.0x0.0x1/", "HTTP://127.0.0.1/")
        + rows(
            .refused("this_network"), "http://0/", "http://0.0.0.0/", "http://0.0.0.0:9000/", "http://0x0/",
            "http://00/")
        + rows(.refused("unspecified"), "http://[::]/", "http://[0:0::0]:9000/")
        + rows(
            .refused("mapped"), "http://[::ffff:127.0.0.1]:9000/", "http://[::ffff:7f00:1]/",
            "http://[::ffff:10.1.0.1]/",
            "http://[::ffff:8.8.8.8]/", "http://[0:0:0:0:0:ffff:169.254.169.254]/")
        + rows(.refused("compatible"), "http://[::127.0.0.1]:9000/", "http://[::10.1.0.1]/")
        + rows(.refused("translated"), "http://[::ffff:0:127.0.0.1]/")
        + rows(.refused("6to4"), "http://[2002:7f00:1::]/", "http://[2002:a01:1::1]/")
        + rows(.refused("teredo"), "http://[2001:0:808:808::f5fe:fffe]/")
        + rows(.refused("loopback"), "http://[64:ff9b::127.0.0.1]:9000/")
        + rows(.refused("private_network"), "http://[64:ff9b::10.1.0.1]/", "http://nat64-inside.example/")
        + rows(.refused("nat64_local"), "http://[64:ff9b:1::10.1.0.1]/")

    private static let refused: [OutboundRow] =
        rows(
            .refused("private_network"), "http://10.0.0.1/", "http://10.2.0.1/", "http://167903233/",
            "http://012.0.0.1/",
            "http://0xa.0.0.1/", "http://172.16.0.1/", "http://172.31.255.255/", "http://192.168.0.1/",
            "http://192.168.257/",
            "http://192.168.7.7:3001/", "http://outside.example/", "http://host.docker.internal/")
        + rows(
            .refused("metadata"), "http://169.254.169.254/latest/meta-data/", "http://2852039166/",
            "http://0xa9fea9fe/",
            "http://0251.0376.0251.0376/", "http://169.254.170.2/v2/credentials", "http://168.63.129.16/",
            "http://100.100.100.200/", "http://192.0.0.192/", "http://[fd00:ec2::254]/", "http://[fd20:ce::254]/",
            "http://[fd00:c1::a9fe:a9fe]/", "http://metadata.google.internal/", "http://METADATA.google.internal./x",
            "http://metadata.goog/", "http://metadata/", "http://instance-data/", "http://metadata.example/",
            "http://metadata.tencentyun.com/", "http://169.16689662/", "http://x.metadata.google.internal/")
        + rows(.refused("link_local"), "http://169.254.1.1/", "http://[fe80::1]/", "http://[fe80::a9fe:a9fe]/")
        + rows(.refused("unique_local"), "http://[fd00::1]/", "http://[fc00::1]/")
        + rows(.refused("site_local"), "http://[fec0::1]/")
        + rows(.refused("multicast"), "http://224.0.0.1/", "http://[ff02::1]/")
        + rows(.refused("broadcast"), "http://255.255.255.255/", "http://4294967295/")
        + rows(.refused("reserved"), "http://240.0.0.1/")
        + rows(.refused("documentation"), "http://192.0.2.1/", "http://203.0.113.1/", "http://[2001:db8::1]/")
        + rows(.refused("benchmarking"), "http://198.18.0.1/")
        + rows(.refused("6to4_relay"), "http://192.88.99.1/")
        + rows(.refused("not_global"), "http://[4000::1]/", "http://[1::1]/")
        + rows(.refused("port"), "http://8.8.8.8:8080/", "http://crm.example:22/", "https://crm.example:8444/")
        + rows(.refused("port"), "http://[2606:4700::1111]:6379/", "http://v6.example:25/")

    private static let own: [OutboundRow] =
        rows(.refused("own_listener"), "http://127.0.0.1:9101/metrics", "http://10.1.0.200:9101/")
        + rows(.refused("own_server"), "http://10.1.0.6:6379/", "http://redis.example:6379/", "http://167837702:6379/")
        + rows(.refused("own_server"), "http://10.1.0.8:5432/", "http://database:5432/", "http://172.20.0.7:5432/")
        + rows(.refused("own_server"), "http://crm.example:5432/", "http://hub.lan:5432/")

    private static let named: [OutboundRow] =
        rows(.refused("loopback"), "http://rebound.example/", "http://127.0.0.1.nip.example/", "http://0x7f.1.example/")
        + rows(.refused("loopback"), "http://localhost/", "http://LOCALHOST./", "http://localhost:9001/")
        + rows(.refused("mapped"), "http://mapped.example/")
        + rows(.unknown, "http://nowhere.example/", "http://empty.example/", "http://hub/")

    private static let allowed: [OutboundRow] =
        rows(
            .allowed(nil), "https://crm.example/hook", "http://crm.example", "HTTPS://CRM.example:443/p?q=1#f",
            "http://crm.example:80/", "http://crm.example./", "https://v6.example/", "http://8.8.8.8/",
            "https://1.1.1.1:443/",
            "http://134744072/", "https://[2606:4700::1111]/", "http://a.b-c_d.example/",
            "http://xn--bcher-kva.example/",
            "http://nat64.example/", "http://[64:ff9b::8.8.8.8]/", "http://example/",
            "http://crm.example/?u=http://127.0.0.1/",
            "http://crm.example/@127.0.0.1", "http://crm.example/%0d%0aX:%20y", "http://crm.example//127.0.0.1/")
        + rows(
            .allowed("127.0.0.1:9000"), "http://127.0.0.1:9000/hook", "http://0x7f.1:9000/", "http://2130706433:9000/")
        + rows(.allowed("[::1]:9000"), "http://[::1]:9000/", "http://localhost:9000/")
        + rows(.allowed("127.0.0.1:8080"), "http://127.0.0.1:8080/rest/aventora/webhook")
        + rows(.allowed("10.1.0.0/16"), "http://10.1.2.3/", "http://10.1.2.3:3000/", "http://inside.example:5000/")
        + rows(.allowed("10.1.0.0/16"), "http://metadata.internal/", "http://10.1.0.6:6380/")
        + rows(.allowed("fd12::/16"), "http://[fd12::1]:99/")
        + rows(.allowed("hub.lan"), "http://hub.lan:81/", "http://HUB.lan./")
        + rows(.allowed("odd.example"), "http://odd.example:1234/")
        + rows(.allowed("crm.example:8443"), "https://crm.example:8443/")
        + rows(.allowed("172.20.0.7"), "http://172.20.0.7:1/", "https://172.20.0.7/")
        + rows(.allowed("192.168.7.7:3000"), "http://192.168.7.7:3000/", "http://192.168.1799:3000/")
        + rows(.allowed("100.64.0.0/10"), "http://100.64.0.1/", "http://100.100.100.199/")
        + rows(.allowed("198.51.100.9"), "http://198.51.100.9:7/")
}
