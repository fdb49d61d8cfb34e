internal import CCurl

/// Owns one `curl_slist` of header lines. libcurl reads it during the transfer, so it lives as long as the transfer.
@safe struct HeaderList: ~Copyable {
    private let head: UnsafeMutablePointer<curl_slist>?

    /// Copies the lines; throws if memory ran out.
    init(_ lines: [String]) throws(OptionFailure) {
        var list: UnsafeMutablePointer<curl_slist>?
        for line in lines {
            guard let longer = unsafe curl_slist_append(list, line) else {
                unsafe curl_slist_free_all(list)
                throw OptionFailure(code: CURLE_OUT_OF_MEMORY)
            }
            unsafe list = longer
        }
        unsafe head = list
    }

    deinit { unsafe curl_slist_free_all(head) }

    @unsafe func apply(to easy: UnsafeMutableRawPointer) -> CURLcode {
        unsafe ccurl_easy_set_list(easy, CURLOPT_HTTPHEADER, head)
    }
}

/// libcurl refused an option.
struct OptionFailure: Error {
    let code: CURLcode
}
