-- Engagements that a CRM asks for. Each is a row from the wish on and holds its person until it is over; the Hub's own id
-- comes with the start.

-- What a workspace wants of its engagements.
CREATE TABLE crm.engagement_workspace (
    workspace_id text PRIMARY KEY,
    domain_name  text NOT NULL,
    enabled      boolean NOT NULL,
    -- The account's key at the Hub, sealed; NULL: the one that every workspace has.
    key_id       text,
    key_sealed   bytea,
    -- Where a wish says nothing.
    defaults     jsonb NOT NULL DEFAULT '{}',
    -- By the cockpit's word for it, what the Hub is asked for.
    actions      jsonb NOT NULL DEFAULT '{}',
    -- What a signal does by itself.
    rules        jsonb NOT NULL DEFAULT '[]',
    updated_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
    CHECK ((key_id IS NULL) = (key_sealed IS NULL))
);
CREATE INDEX engagement_workspace_by_domain ON crm.engagement_workspace (domain_name, workspace_id);

-- Whether nothing more will happen with an engagement.
CREATE FUNCTION crm.engagement_is_over(status text, completed_at timestamptz) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT completed_at IS NOT NULL
        OR coalesce(lower(status) IN ('completed', 'failed', 'cancelled', 'canceled', 'broken'), false)
$$;

CREATE TABLE crm.engagement_start (
    id                 text COLLATE "C" PRIMARY KEY,
    -- Whose person it is: the workspace, else the account.
    scope              text NOT NULL,
    person_id          text NOT NULL,
    workspace_id       text,
    domain_name        text NOT NULL,
    channel            text NOT NULL,
    type               text NOT NULL,
    instruction        text,
    contact_identifier text NOT NULL,
    state              text NOT NULL DEFAULT 'accepted'
        CHECK (state IN ('accepted', 'started', 'failed', 'cancelled', 'over')),
    -- The Hub's.
    engagement_id      text,
    error              text,
    job_id             text NOT NULL,
    cancel_asked_at    timestamptz,
    cancel_job_id      text,
    -- Until then a call may be on its way to the Hub.
    calling_until      timestamptz,
    -- Later it is not started any more.
    give_up_at         timestamptz NOT NULL,
    bulk_id            text COLLATE "C",
    -- The rule of the cockpit that began it.
    rule               text,
    -- What the caller's idempotency key and request were.
    request_key        text,
    request_digest     text,
    created_at         timestamptz NOT NULL,
    started_at         timestamptz,
    ended_at           timestamptz,
    CHECK ((ended_at IS NULL) = (state IN ('accepted', 'started')))
);
-- One at a time for a person.
CREATE UNIQUE INDEX engagement_start_active ON crm.engagement_start (scope, person_id) WHERE ended_at IS NULL;
CREATE UNIQUE INDEX engagement_start_request ON crm.engagement_start (request_key) WHERE request_key IS NOT NULL;
CREATE INDEX engagement_start_by_engagement ON crm.engagement_start (engagement_id) WHERE engagement_id IS NOT NULL;
CREATE INDEX engagement_start_waiting ON crm.engagement_start (created_at) WHERE state = 'accepted';
CREATE INDEX engagement_start_by_bulk ON crm.engagement_start (bulk_id) WHERE bulk_id IS NOT NULL;
CREATE INDEX engagement_start_ended ON crm.engagement_start (ended_at) WHERE ended_at IS NOT NULL;

-- Whoever writes an engagement's end, the receiver or the poll, thereby frees its person.
CREATE FUNCTION crm.end_engagement_start() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE crm.engagement_start SET state = 'over', ended_at = clock_timestamp(), calling_until = NULL
    WHERE engagement_id = NEW.engagement_id AND ended_at IS NULL;
    RETURN NULL;
END
$$;
CREATE TRIGGER engagement_over AFTER INSERT OR UPDATE OF status, completed_at ON crm.aventora_engagement
    FOR EACH ROW WHEN (crm.engagement_is_over(NEW.status, NEW.completed_at))
    EXECUTE FUNCTION crm.end_engagement_start();

-- When the Hub was last asked about it.
ALTER TABLE crm.aventora_engagement ADD COLUMN checked_at timestamptz;
CREATE INDEX aventora_engagement_open ON crm.aventora_engagement (checked_at NULLS FIRST)
    WHERE NOT crm.engagement_is_over(status, completed_at);

-- Many people with one wish. Whom it is to reach stands beside it, in order.
CREATE TABLE crm.engagement_bulk (
    id              text COLLATE "C" PRIMARY KEY,
    state           text NOT NULL CHECK (state IN ('running', 'done', 'cancelled', 'failed')),
    workspace_id    text,
    domain_name     text,
    wish            jsonb NOT NULL,
    pace_per_minute integer NOT NULL CHECK (pace_per_minute > 0),
    total           integer NOT NULL,
    -- The next person's turn comes then.
    next_at         timestamptz NOT NULL,
    -- The job that works through it: any other leaves it alone.
    runner          text NOT NULL,
    error           text,
    request_key     text UNIQUE,
    request_digest  text,
    created_at      timestamptz NOT NULL,
    ended_at        timestamptz,
    CHECK ((ended_at IS NULL) = (state = 'running'))
);
CREATE INDEX engagement_bulk_running ON crm.engagement_bulk (id) WHERE state = 'running';
CREATE INDEX engagement_bulk_ended ON crm.engagement_bulk (ended_at) WHERE ended_at IS NOT NULL;
CREATE TABLE crm.engagement_bulk_person (
    bulk_id   text COLLATE "C" NOT NULL REFERENCES crm.engagement_bulk (id) ON DELETE CASCADE,
    number    integer NOT NULL,
    person_id text NOT NULL,
    -- What the request said of this person.
    fields    jsonb NOT NULL,
    state     text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'accepted', 'skipped')),
    reason    text,
    start_id  text COLLATE "C",
    PRIMARY KEY (bulk_id, number)
);
CREATE INDEX engagement_bulk_person_waiting ON crm.engagement_bulk_person (bulk_id, number) WHERE state = 'waiting';

-- What the cockpit's rules did with a lead's signals; what counts against cooldown and daily maximum is what was executed.
CREATE TABLE crm.cockpit_run (
    -- The signal's own id, else the job's.
    signal_id  text NOT NULL,
    rule       text NOT NULL,
    scope      text NOT NULL,
    person_id  text NOT NULL,
    signal     text NOT NULL,
    is_executed boolean NOT NULL,
    reason     text,
    start_id   text COLLATE "C",
    at         timestamptz NOT NULL,
    PRIMARY KEY (scope, person_id, signal_id, rule)
);
CREATE INDEX cockpit_run_executed ON crm.cockpit_run (scope, person_id, at) WHERE is_executed;
CREATE INDEX cockpit_run_by_time ON crm.cockpit_run (at);
