-- What has been told of each record of a Twenty workspace, by its webhooks or by the reconciliation, so that neither tells
-- what the other told. Times are Twenty's own `updatedAt`, in microseconds.
CREATE TABLE jobs.inbound_records (
    workspace_id  text COLLATE "C" NOT NULL,
    object        text COLLATE "C" NOT NULL,
    record_id     text COLLATE "C" NOT NULL,
    told_at       bigint,
    reconciled_at bigint,
    created_by    text,
    removed_by    text,
    -- The last job that was judged, and what it had to tell: a job that runs again must tell it again.
    job           text COLLATE "C" NOT NULL,
    verdict       text,
    changed_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (workspace_id, object, record_id)
);
CREATE INDEX inbound_records_by_age ON jobs.inbound_records (changed_at);

-- Requests that were signed without a time. Receipts forget them after a day; whoever has one could send it again then.
CREATE TABLE jobs.inbound_bodies (
    name          text COLLATE "C" PRIMARY KEY,
    first_seen_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX inbound_bodies_by_age ON jobs.inbound_bodies (first_seen_at);

-- What came in, by day and by what became of it.
CREATE TABLE jobs.inbound_counts (
    day    date NOT NULL,
    result text COLLATE "C" NOT NULL,
    count  bigint NOT NULL,
    PRIMARY KEY (day, result)
);

-- How far the search for what Twenty did not tell has come. Times in ms since 1970.
CREATE TABLE jobs.reconciliations (
    workspace_id text COLLATE "C" NOT NULL,
    object       text COLLATE "C" NOT NULL,
    -- What changed before is nobody's news.
    baseline     bigint NOT NULL,
    -- Everything up to here is known.
    since        bigint NOT NULL,
    -- Of the search under way.
    started_at   bigint,
    is_in_trash  boolean NOT NULL DEFAULT false,
    cursor       text,
    PRIMARY KEY (workspace_id, object)
);
