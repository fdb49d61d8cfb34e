-- Schemas of the job system and its record of finished jobs. Redis forgets a job when it ends; this is its trace.
CREATE SCHEMA IF NOT EXISTS jobs;
CREATE SCHEMA IF NOT EXISTS crm;

CREATE TABLE jobs.finished (
    id          text PRIMARY KEY,
    kind        text NOT NULL,
    queue       text NOT NULL,
    state       text NOT NULL CHECK (state IN ('done', 'dead', 'cancelled')),
    attempts    integer NOT NULL,
    crashes     integer NOT NULL,
    deferrals   integer NOT NULL,
    enqueued_at timestamptz,
    finished_at timestamptz NOT NULL,
    note        text,
    error       text
);
CREATE INDEX finished_by_time ON jobs.finished (finished_at);
