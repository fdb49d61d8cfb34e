-- Backfills: Hubs that are set up, or members that are brought to them, for many workspaces of the CRM. Each workspace is a row
-- and a job; the row says how far it is, so that whoever goes on knows what is left.
CREATE TABLE jobs.hub_backfills (
    id              text COLLATE "C" PRIMARY KEY,
    mode            text NOT NULL CHECK (mode IN ('full', 'sync_members')),
    state           text NOT NULL CHECK (state IN ('running', 'done', 'cancelled')),
    -- Ids or subdomains that were asked for; empty: all.
    selection       jsonb NOT NULL,
    -- What new accounts begin with, without secrets; NULL where none are made.
    telephony       text,
    pace_per_minute bigint NOT NULL CHECK (pace_per_minute > 0),
    -- The credentials, sealed; gone when it has ended.
    secrets_key_id  text,
    secrets         bytea,
    created_at      timestamptz NOT NULL,
    ended_at        timestamptz
);
-- One at a time.
CREATE UNIQUE INDEX hub_backfills_running ON jobs.hub_backfills (state) WHERE state = 'running';

CREATE TABLE jobs.hub_backfill_items (
    backfill_id     text COLLATE "C" NOT NULL REFERENCES jobs.hub_backfills (id) ON DELETE CASCADE,
    workspace_id    text COLLATE "C" NOT NULL,
    -- Its place in the list.
    number          bigint NOT NULL,
    subdomain       text,
    display_name    text,
    assigned_domain text,
    admin_email     text,
    member_emails   jsonb NOT NULL,
    state           text NOT NULL CHECK (state IN ('pending', 'running', 'done', 'skipped', 'failed', 'cancelled')),
    -- What was done, or why not.
    detail          text NOT NULL DEFAULT '',
    attempts        bigint NOT NULL DEFAULT 0,
    -- The job that had it last.
    job_id          text,
    ended_at        timestamptz,
    PRIMARY KEY (backfill_id, workspace_id)
);
