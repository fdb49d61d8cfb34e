internal import Basics
internal import Curl
internal import Peers
internal import Postgres

extension DayScript {
    /// Calls everybody once: a beginning, changes of the log over the call's time, a hold for some, an end. A call ends
    /// when it has begun: it is longer than its beginning takes.
    ///
    /// - Returns: the longest time from a call's beginning to its end, in ms.
    func calls(half: Int) async throws -> Int64 {
        let names = plan.contacts.map { plan.call($0, half: half) }
        let began = now()
        try await hub.begin(plan.contacts.map { (plan.call($0, half: half), $0.phone) })
        let jobs = try await connection.post(plan.contacts.map { started($0, half: half) })
        let step = plan.size.callMilliseconds / Int64(plan.size.updates)
        for number in 0..<plan.size.updates {
            try await hub.update(names, number: number, isSpoken: number % 5 == 4)
            try await connection.post(names.map { event("call_log.updated", $0, "\(number)") })
            if number == plan.size.updates / 2 { try await hold("call.paused", half: half) }
            if number == plan.size.updates / 2 + 1 { try await hold("call.resumed", half: half) }
            let left = began + step * Int64(number + 1) - now()
            if left > 0 { try await Task.sleep(for: .milliseconds(left)) }
        }
        for job in Set(jobs) { try await finish(job, "a call to begin") }
        try await hub.end(names)
        try await connection.post(names.map { event("call.completed", $0, "end") })
        return now() - began
    }

    private func hold(_ type: String, half: Int) async throws {
        let held = plan.contacts.filter(plan.isPaused).map { plan.call($0, half: half) }
        try await connection.post(held.map { event(type, $0, type) })
    }

    private func started(_ contact: DayContact, half: Int) -> String {
        let call = plan.call(contact, half: half)
        let user =
            contact.user.hubID.map { #""external_user_id":"\#($0)""# } ?? #""user_email":"\#(contact.user.email)""#
        return
            #"{"id":"\#(call)-start","type":"call.started","domain_name":"\#(DayPlan.account)","call_sid":"\#(call)","data":{"contact_identifier":"\#(contact.phone)","contact_email":"\#(contact.email)","contact_name":"\#(contact.firstName) \#(contact.lastName)",\#(user)}}"#
    }

    private func event(_ type: String, _ call: String, _ mark: String) -> String {
        #"{"id":"\#(call)-\#(mark)","type":"\#(type)","domain_name":"\#(DayPlan.account)","call_sid":"\#(call)"}"#
    }

    /// The CRM has people engaged, the Hub speaks with them, and the CRM learns of it by asking.
    ///
    /// - Parameter startedMilliseconds: of the day.
    func engage(since startedMilliseconds: Int64) async throws {
        try await connection.setState(.hub, #"{"completes_after_seconds":1}"#)
        // Nobody is engaged who is spoken with.
        let calls = plan.engaged.flatMap { [plan.call($0, half: 0), plan.call($0, half: 1)] }
        try await wait("the calls to be over") {
            let rows = try await hub.calls(calls)
            return try rows.count == calls.count
                && rows.allSatisfy { try $0.optionalString("status") == "completed" }
        }
        var jobs: [String] = []
        for contact in plan.engaged {
            let reply = try await connection.ask(
                .post, "/rest/aventora/start-engagement", #"{"personId":"\#(contact.id)"}"#)
            jobs.append(reply["jobId"]?.string ?? "")
        }
        for job in jobs { try await finish(job, "an engagement to begin") }
        _ = try await connection.call(.hub, .patch, "/_peer/clock", #"{"advance_seconds":2}"#)
        let people = plan.engaged.map(\.id)
        try await wait("the engagements to end") {
            _ = try await job(
                #"{"kind":"engagement.reconcile","args":{"quiet_seconds":0},"unique_key":"\#(plan.name)"}"#)
            let rows = try await hub.engagements(of: people, since: startedMilliseconds)
            return try rows.allSatisfy { try $0.optionalString("status") == "completed" }
        }
    }
}
