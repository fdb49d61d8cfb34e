-- Replays: deliveries of a range of time that are sent again. Which of them is decided by the range, the filter and the
-- moment of the wish; the cursor says how far that has come.
CREATE TABLE jobs.replays (
    id               text COLLATE "C" PRIMARY KEY,
    state            text NOT NULL CHECK (state IN ('running', 'paused', 'done', 'cancelled', 'failed')),
    -- Deliveries that were asked for from then and before then.
    from_at          timestamptz NOT NULL,
    to_at            timestamptz NOT NULL,
    -- NULL: any.
    delivery_state   text,
    target           text,
    endpoint_id      text,
    event_type       text,
    domain_name      text,
    pace             bigint NOT NULL CHECK (pace > 0),
    created_at       timestamptz NOT NULL,
    changed_at       timestamptz NOT NULL DEFAULT clock_timestamp(),
    ended_at         timestamptz,
    -- What a dry run would have said at the start.
    total            bigint NOT NULL,
    -- The last delivery that was examined, and the last one of the batch under way: until that batch is counted nobody takes
    -- another.
    cursor           text COLLATE "C" NOT NULL DEFAULT '',
    batch_end        text COLLATE "C",
    examined         bigint NOT NULL DEFAULT 0,
    sent             bigint NOT NULL DEFAULT 0,
    not_ended        bigint NOT NULL DEFAULT 0,
    endpoint_deleted bigint NOT NULL DEFAULT 0,
    endpoint_off     bigint NOT NULL DEFAULT 0,
    payload_gone     bigint NOT NULL DEFAULT 0,
    unreadable       bigint NOT NULL DEFAULT 0,
    -- The job that works through it: any other leaves it alone.
    runner           text NOT NULL,
    -- Of a cancelled one: whether nothing of it waits any more.
    is_settled       boolean NOT NULL DEFAULT false,
    error            text
);
CREATE INDEX replays_under_way ON jobs.replays (state, id) WHERE state IN ('running', 'paused', 'cancelled');

-- Which replay a delivery is of. Deliveries that are of none cost the index nothing.
ALTER TABLE jobs.deliveries ADD COLUMN replay_id text COLLATE "C";
CREATE INDEX deliveries_by_replay ON jobs.deliveries (replay_id, state, id) WHERE replay_id IS NOT NULL;
