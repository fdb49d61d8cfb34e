// The C functions that libcurl calls, all on the client's thread, inside `MultiHandle.perform`. Each recovers its
// transfer, copies bytes or asks the address policy, and returns.

internal import CCurl
internal import Glibc

/// `CURLOPT_WRITEFUNCTION`: keeps body bytes up to the limit, then stops the transfer.
func receiveBody(
    _ data: UnsafeMutablePointer<CChar>?,
    _ size: Int,
    _ count: Int,
    _ context: UnsafeMutableRawPointer?,
) -> Int {
    let bytes = unsafe UnsafeRawBufferPointer(start: data, count: size * count)
    guard let transfer = unsafe Transfer.recover(context) else { return 0 }
    return unsafe transfer.receive(body: bytes) ? bytes.count : Int(CURL_WRITEFUNC_ERROR)
}

/// `CURLOPT_HEADERFUNCTION`: one complete line at a time, status lines and trailers included.
func receiveHeader(
    _ data: UnsafeMutablePointer<CChar>?,
    _ size: Int,
    _ count: Int,
    _ context: UnsafeMutableRawPointer?,
) -> Int {
    let bytes = unsafe UnsafeRawBufferPointer(start: data, count: size * count)
    guard let transfer = unsafe Transfer.recover(context) else { return 0 }
    return unsafe transfer.receive(header: bytes) ? bytes.count : Int(CURL_WRITEFUNC_ERROR)
}

/// `CURLOPT_OPENSOCKETFUNCTION`: the one place where a connection's real address is known before it is dialled. Makes
/// the socket itself, so that no child process inherits it.
func openSocket(
    _ context: UnsafeMutableRawPointer?,
    _ purpose: curlsocktype,
    _ target: UnsafeMutablePointer<curl_sockaddr>?,
) -> curl_socket_t {
    guard let transfer = unsafe Transfer.recover(context), let target = unsafe target,
        let address = unsafe CurlAddress(target), transfer.allows(address)
    else { return -1 }
    let kind = unsafe target.pointee.socktype | Int32(SOCK_CLOEXEC.rawValue)
    return unsafe socket(target.pointee.family, kind, target.pointee.protocol)
}

/// `CURLOPT_PREREQFUNCTION`: before each request is written, on new and on kept connections.
func beforeRequest(
    _ context: UnsafeMutableRawPointer?,
    _ remoteAddress: UnsafeMutablePointer<CChar>?,
    _ localAddress: UnsafeMutablePointer<CChar>?,
    _ remotePort: Int32,
    _ localPort: Int32,
) -> Int32 {
    guard let transfer = unsafe Transfer.recover(context), let remoteAddress = unsafe remoteAddress else { return 1 }
    let text = unsafe String(cString: remoteAddress)
    return transfer.maySend(to: CurlAddress(text: text, port: UInt16(truncatingIfNeeded: remotePort))) ? 0 : 1
}

extension Transfer {
    /// False ends the transfer: the limit is reached and the status is known.
    @unsafe fileprivate func receive(body bytes: UnsafeRawBufferPointer) -> Bool {
        let room = (submission?.request.responseLimitBytes ?? 0) - reception.body.count
        unsafe reception.body.append(contentsOf: bytes.prefix(max(room, 0)))
        if bytes.count > room { reception.bodyIsTruncated = true }
        return !reception.bodyIsTruncated
    }

    /// Keeps the lines of the last response that has a status line; drops trailers. False ends the transfer.
    @unsafe fileprivate func receive(header bytes: UnsafeRawBufferPointer) -> Bool {
        reception.receivedHeaderBytes += bytes.count
        guard reception.receivedHeaderBytes <= submission?.request.responseHeaderLimitBytes ?? 0 else {
            reception.headersAreTooLong = true
            return false
        }
        if reception.headersAreComplete { return true }
        if reception.expectsStatusLine {
            reception.expectsStatusLine = false
            reception.headerBytes.removeAll(keepingCapacity: true)
            let status = easy.number(CURLINFO_RESPONSE_CODE)
            reception.finalStatus = status >= 200 ? status : nil
        } else if bytes.count <= 2 {
            reception.headersAreComplete = reception.finalStatus != nil
            reception.expectsStatusLine = true
        } else {
            unsafe reception.headerBytes.append(contentsOf: bytes)
        }
        return true
    }

    /// Asks the policy and remembers a refusal: libcurl would go on with the name's next address.
    fileprivate func allows(_ address: CurlAddress) -> Bool {
        guard reception.refusedAddress == nil else { return false }
        if let policy = submission?.request.addressPolicy, !policy.allows(address) {
            reception.refusedAddress = address
            return false
        }
        return true
    }

    fileprivate func maySend(to address: CurlAddress?) -> Bool {
        guard reception.refusedAddress == nil, let request = submission?.request else { return false }
        if let address {
            reception.remoteAddress = address
            guard allows(address) else { return false }
        } else if request.addressPolicy != nil {
            return false
        }
        if reception.sendCount > 0, !request.resendsOnStaleConnection {
            reception.resendIsRefused = true
            return false
        }
        reception.sendCount += 1
        return true
    }
}
