import ArgumentParser
import Curl
import Jobs
import Operator
import Program

/// `aventora hub backfill`
struct BackfillCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backfill",
        abstract: "Set up domain, Hub account and wiring of every CRM workspace that has none.",
        discussion: """
            Workers do it, a workspace at a time, and go on when this command ends; the same command again goes on to \
            watch. What has no end when a backfill is cancelled, or failed, is for the next, which asks the CRM anew.

            Variables: DOMAIN_CHATBOT_API_URL; DOMAIN_CHATBOT_SUPER_ADMIN_TOKEN, or SUPER_ADMIN_USERNAME and \
            SUPER_ADMIN_PASSWORD; SECRETS_KEY, which seals the credentials until the backfill has ended; and each \
            telephony flag as PROVISION_INBOUND_PHONE, PROVISION_TWILIO_ACCOUNT_SID and so on, where other users of \
            the machine do not see it.

            On a terminal a bar and a table; else one JSON line a step on standard output and the table on standard \
            error. Exit code 1 when a workspace failed.
            """
    )

    @Flag(help: "Say what would be done, and do nothing.") var dryRun = false
    @Flag(help: "Do it.") var execute = false
    @Flag(help: "End the backfill that runs: what has begun ends, the rest is left.") var cancel = false
    @Flag(help: "Only bring the members of workspaces that have a Hub there.") var syncMembersOnly = false
    @Option(help: ArgumentHelp("Only this one, by id or subdomain; may be given again.", valueName: "workspace"))
    var workspace: [String] = []
    @Option(help: "Workspaces a minute, 1 to 600.") var pace = Backfill.standardPace
    @Flag(help: "End when it has begun.") var noWait = false
    @OptionGroup(title: "Telephony of new accounts") var telephony: TelephonyOptions
    @OptionGroup var options: TerminalOptions

    func validate() throws {
        guard [dryRun, execute, cancel].count(where: { $0 }) == 1 else {
            throw ValidationError("give one of --dry-run, --execute and --cancel")
        }
        guard Backfill.paces.contains(pace) else { throw ValidationError("--pace: 1 to 600 are allowed") }
        if cancel, syncMembersOnly || noWait || !workspace.isEmpty {
            throw ValidationError("--cancel ends the backfill that runs, whatever it is for; give it alone")
        }
    }

    func run() async throws {
        let command = self
        await Session.run(options) { session in
            if command.cancel { return try await BackfillRun(session).cancel() }
            let outcome = try Self.resolve(command.telephony.choice(session.settings))
            let needsTelephony = command.execute && !command.syncMembersOnly
            var defaults: TelephonyDefaults?
            if !command.syncMembersOnly {
                switch outcome {
                case .complete(let complete): defaults = complete
                case .missing(let names) where needsTelephony:
                    throw ProgramError(.usage, "new accounts need telephony; missing: \(names.joined(separator: "; "))")
                case .missing: break
                }
            }
            let access = try HubSettings.chatbot(session.settings)
            if command.execute, try !session.keyring.canSeal {
                throw Settings.invalid(
                    "SECRETS_KEY", value: nil,
                    "it is needed: the credentials are kept sealed until the backfill has ended")
            }
            let plan = try await command.plan(access, session)
            guard command.execute else { return try await BackfillRun(session).show(plan) }
            let wish = BackfillDesk.Wish(
                plan: plan, selection: command.workspace.sorted(),
                secrets: BackfillSecrets(access: access, telephony: defaults), pacePerMinute: command.pace)
            try await BackfillRun(session).execute(wish, waits: !command.noWait)
        }
    }

    /// Asks domain-chatbot what there is.
    private func plan(_ access: ChatbotAccess, _ session: Session) async throws -> BackfillPlan {
        let curl = CurlClient()
        let result: Result<[CRMWorkspace], any Error>
        do {
            let chatbot = try ChatbotClient(
                access, client: curl, outbound: try OutboundSettings.addressGuard(session.settings),
                clock: session.clock)
            result = .success(try await chatbot.workspaces())
        } catch {
            result = .failure(error)
        }
        await curl.shutdown()
        do {
            return try BackfillPlan(syncMembersOnly ? .syncMembers : .full, try result.get(), selection: workspace)
        } catch let error as ServiceError {
            let code: Program.ExitCode =
                error.isRetriable ? .unavailable : error.code == .unauthorized ? .configuration : .failure
            throw ProgramError(code, "the workspaces cannot be read: \(error)", underlying: error)
        } catch let error as BackfillPlan.UnknownWorkspaces {
            throw ProgramError(.failure, "the CRM has no workspace \(error.names.joined(separator: ", "))")
        }
    }

    private static func resolve(_ choice: TelephonyChoice) throws(ProgramError) -> TelephonyChoice.Outcome {
        do throws(TelephonyChoice.Fault) { return try choice.resolve() } catch {
            throw ProgramError(error.isVariable ? .configuration : .usage, error.description)
        }
    }
}

/// The telephony that new Hub accounts begin with.
struct TelephonyOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Where calls come in, and go out from.", valueName: "phone")) var inboundPhone: String?
    @Option(help: ArgumentHelp("What calls and messages go out from, where that is another.", valueName: "phone"))
    var twilioPhoneNumber: String?
    @Option(help: ArgumentHelp("AC…", valueName: "sid")) var twilioAccountSid: String?
    @Option(help: ArgumentHelp("The account's token; or a key.", valueName: "token")) var twilioAuthToken: String?
    @Option(help: ArgumentHelp("SK…", valueName: "sid")) var twilioApiKey: String?
    @Option(help: ArgumentHelp("The key's secret.", valueName: "secret")) var twilioApiSecret: String?

    func choice(_ settings: Settings) -> TelephonyChoice {
        let flags: [TelephonyChoice.Field: String?] = [
            .inboundPhone: inboundPhone, .accountSID: twilioAccountSid, .authToken: twilioAuthToken,
            .apiKey: twilioApiKey, .apiSecret: twilioApiSecret, .phoneNumber: twilioPhoneNumber,
        ]
        var variables: [TelephonyChoice.Field: String] = [:]
        for field in TelephonyChoice.Field.allCases { variables[field] = settings.optionalString(field.variable) }
        return TelephonyChoice(flags: flags.compactMapValues { $0 }, variables: variables)
    }
}
