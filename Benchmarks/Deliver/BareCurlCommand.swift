// libcurl as its manual shows it, from one thread: `curl_multi_perform` and `curl_multi_poll`, each easy handle used again
// as soon as its answer is there. Swift only calls; there is nothing of ours in between.

import ArgumentParser
import CCurl
import Foundation

/// Posts the same bytes again and again, so many at a time.
struct BareCurlCommand: AsyncParsableCommand {
    static let name = "bare-curl"
    static let configuration = CommandConfiguration(
        commandName: name, abstract: "The bare loop of the deliver benchmark; started by it.", shouldDisplay: false)

    @Option var url: String
    @Option var requests: Int
    @Option var connections: Int
    @Option var bodyBytes: Int
    @Option var output: String

    private static let pollMilliseconds: Int32 = 1_000

    func run() async throws {
        guard ccurl_global_init() == CURLE_OK, let multi = unsafe curl_multi_init() else {
            throw BenchError("libcurl does not start")
        }
        defer { _ = unsafe curl_multi_cleanup(multi) }
        let body = [UInt8](repeating: UInt8(ascii: "x"), count: bodyBytes)
        let headers = unsafe curl_slist_append(nil, "Content-Type: application/json")
        defer { unsafe curl_slist_free_all(headers) }
        var easies: [BareTransfer] = []
        for _ in 0..<connections {
            guard let easy = unsafe curl_easy_init() else { throw BenchError("libcurl has no handle to give") }
            try unsafe set(easy, body, headers)
            easies.append(unsafe BareTransfer(easy: easy))
        }
        let processorBefore = ProcessorTime.seconds
        let clock = ContinuousClock()
        let start = clock.now
        for transfer in easies.prefix(requests) { _ = unsafe curl_multi_add_handle(multi, transfer.easy) }
        try unsafe loop(multi, started: min(connections, requests))
        let result = BareCurlResult(
            seconds: (clock.now - start).seconds, processorSeconds: ProcessorTime.seconds - processorBefore)
        for transfer in easies { unsafe curl_easy_cleanup(transfer.easy) }
        try JSONEncoder().encode(result).write(to: URL(fileURLWithPath: output))
    }

    @unsafe private func set(
        _ easy: UnsafeMutableRawPointer, _ body: [UInt8], _ headers: UnsafeMutablePointer<curl_slist>?
    ) throws {
        let codes = [
            unsafe ccurl_easy_set_string(easy, CURLOPT_URL, url),
            unsafe ccurl_easy_set_long(easy, CURLOPT_NOSIGNAL, 1),
            unsafe ccurl_easy_set_string(easy, CURLOPT_PROXY, ""),
            unsafe ccurl_easy_set_long(easy, CURLOPT_POST, 1),
            unsafe ccurl_easy_set_offset(easy, CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t(body.count)),
            unsafe body.withUnsafeBytes { unsafe ccurl_easy_set_bytes(easy, CURLOPT_COPYPOSTFIELDS, $0.baseAddress) },
            unsafe ccurl_easy_set_list(easy, CURLOPT_HTTPHEADER, headers),
        ]
        guard codes.allSatisfy({ $0 == CURLE_OK }) else { throw BenchError("libcurl refuses an option") }
    }

    @unsafe private func loop(_ multi: UnsafeMutableRawPointer, started first: Int) throws {
        var (started, finished) = (first, 0)
        while finished < requests {
            var running: Int32 = 0
            guard unsafe curl_multi_perform(multi, &running) == CURLM_OK else { throw BenchError("libcurl fails") }
            var left: Int32 = 0
            while let message = unsafe curl_multi_info_read(multi, &left) {
                guard unsafe message.pointee.msg == CURLMSG_DONE, let easy = unsafe message.pointee.easy_handle else {
                    continue
                }
                var status = 0
                let code = unsafe ccurl_message_result(message)
                guard code == CURLE_OK, unsafe ccurl_easy_get_long(easy, CURLINFO_RESPONSE_CODE, &status) == CURLE_OK,
                    status == 200
                else { throw BenchError("a request failed: \(code.rawValue), status \(status)") }
                finished += 1
                _ = unsafe curl_multi_remove_handle(multi, easy)
                if started < requests {
                    started += 1
                    _ = unsafe curl_multi_add_handle(multi, easy)
                }
            }
            guard finished < requests else { break }
            guard unsafe curl_multi_poll(multi, nil, 0, Self.pollMilliseconds, nil) == CURLM_OK else {
                throw BenchError("libcurl cannot wait")
            }
        }
    }
}

/// One easy handle, freed by who made it.
@safe private struct BareTransfer {
    let easy: UnsafeMutableRawPointer
}
