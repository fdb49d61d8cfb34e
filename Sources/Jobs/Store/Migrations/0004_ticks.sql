-- The ledger of schedules: every tick, fired or not and why, how late, and which job. Redis holds a line until it is here.
CREATE TABLE jobs.ticks (
    queue       text NOT NULL,
    schedule    text NOT NULL,
    -- What it stands for: the pattern's moment; of several that were passed over together, the first.
    tick_at     timestamptz NOT NULL,
    -- Sets a tick that somebody asked for apart from the pattern's own at the same moment, for which it is empty.
    mark        text NOT NULL,
    last_at     timestamptz NOT NULL,
    count       bigint NOT NULL CHECK (count > 0),
    outcome     text NOT NULL CHECK (outcome IN ('fired', 'skipped', 'manual')),
    reason      text,
    judged_at   timestamptz NOT NULL,
    late_ms     bigint NOT NULL,
    job_id      text,
    PRIMARY KEY (queue, schedule, tick_at, mark)
);
CREATE INDEX ticks_by_time ON jobs.ticks (judged_at);
