-- TIPS sync: what was written last, so that only differences are, and the reports of the runs.
CREATE TABLE jobs.tips_runs (
    -- The tips.sync job's.
    id           text COLLATE "C" PRIMARY KEY,
    workspace_id text NOT NULL,
    state        text NOT NULL CHECK (state IN ('running', 'done', 'failed')),
    -- A dry run writes nothing anywhere else.
    is_dry_run   boolean NOT NULL,
    started_at   timestamptz NOT NULL,
    ended_at     timestamptz,
    -- Whether all agents have their rows and jobs.
    is_listed    boolean NOT NULL DEFAULT false,
    error        text
);
-- Never two at once.
CREATE UNIQUE INDEX tips_runs_under_way ON jobs.tips_runs (workspace_id) WHERE state = 'running';

CREATE TABLE jobs.tips_run_agents (
    run_id     text COLLATE "C" NOT NULL REFERENCES jobs.tips_runs ON DELETE CASCADE,
    agent_id   text NOT NULL,
    job_id     text NOT NULL,
    state      text NOT NULL CHECK (state IN ('pending', 'skipped', 'removed', 'done', 'failed')),
    changed_at timestamptz NOT NULL,
    created    bigint NOT NULL DEFAULT 0,
    updated    bigint NOT NULL DEFAULT 0,
    unchanged  bigint NOT NULL DEFAULT 0,
    failed     bigint NOT NULL DEFAULT 0,
    error      text,
    PRIMARY KEY (run_id, agent_id)
);

-- An agent: their member in the CRM, its role, and up to when all their clients' changes are written.
CREATE TABLE jobs.tips_agents (
    workspace_id text NOT NULL,
    agent_id     text NOT NULL,
    member_id    text NOT NULL,
    role         text NOT NULL,
    watermark    timestamptz,
    PRIMARY KEY (workspace_id, agent_id)
);

-- A client: their person in the CRM, and a digest of what was written last.
CREATE TABLE jobs.tips_people (
    workspace_id text NOT NULL,
    client_id    text NOT NULL,
    person_id    text NOT NULL,
    digest       text NOT NULL,
    PRIMARY KEY (workspace_id, client_id)
);
CREATE INDEX tips_people_by_person ON jobs.tips_people (workspace_id, person_id);
