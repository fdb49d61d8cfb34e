-- The attempt log: every delivery that a worker has begun, and each attempt at it. A delivery has its job's id.
--
-- An id begins with the time of its making, so a range of ids is a range of time: both tables are cut by it into days, and
-- a day is dropped as a whole. All attempts at a delivery are in the partition of the delivery's own day.

-- The smallest id of a moment: 45 bits of Unix milliseconds in Crockford's base 32, as in jobs.make_job_id.
CREATE FUNCTION jobs.job_id_floor(moment timestamptz) RETURNS text
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    alphabet CONSTANT text := '0123456789abcdefghjkmnpqrstvwxyz';
    milliseconds CONSTANT numeric := floor(extract(epoch FROM greatest(moment, '1970-01-01 00:00:00+00')) * 1000);
    result text := '';
BEGIN
    -- Beyond every id: an id's time ends in the year 3084.
    IF milliseconds >= 1::bigint << 45 THEN
        RETURN '~';
    END IF;
    FOR shift IN REVERSE 8..0 LOOP
        result := result || substr(alphabet, ((milliseconds::bigint >> (shift * 5)) & 31)::integer + 1, 1);
    END LOOP;
    RETURN result;
END
$$;

-- One row per delivery, as its newest attempt left it.
CREATE TABLE jobs.deliveries (
    id            text COLLATE "C" NOT NULL PRIMARY KEY,
    -- The fence of the newest attempt: an older one changes nothing.
    fence         bigint NOT NULL,
    state         text NOT NULL CHECK (state IN ('pending', 'retrying', 'delivered', 'failed', 'cancelled')),
    target        text NOT NULL,
    endpoint_id   text,
    webhook_id    text NOT NULL,
    event_id      text,
    event_type    text,
    delivery_type text,
    domain_name   text,
    engagement_id text,
    call_sid      text,
    -- The delivery that this one repeats.
    replay_of     text COLLATE "C",
    -- Attempts spent so far.
    attempts      integer NOT NULL,
    attempted_at  timestamptz NOT NULL,
    retry_at      timestamptz,
    status        integer,
    error         text,
    -- What it takes to send it again, once Redis has forgotten the job: the job's arguments.
    payload       bytea
) PARTITION BY RANGE (id);
CREATE INDEX deliveries_by_state ON jobs.deliveries (state, id);
CREATE INDEX deliveries_by_target ON jobs.deliveries (target, id);
CREATE INDEX deliveries_by_endpoint ON jobs.deliveries (endpoint_id, id) WHERE endpoint_id IS NOT NULL;
CREATE INDEX deliveries_by_domain_name ON jobs.deliveries (domain_name, id) WHERE domain_name IS NOT NULL;
CREATE INDEX deliveries_by_engagement ON jobs.deliveries (engagement_id, id) WHERE engagement_id IS NOT NULL;
CREATE INDEX deliveries_by_call ON jobs.deliveries (call_sid, id) WHERE call_sid IS NOT NULL;
CREATE INDEX deliveries_by_event_type ON jobs.deliveries (event_type, id) WHERE event_type IS NOT NULL;

-- One row per attempt: a job's run has a fence of its own, so writing a row again finds it there.
CREATE TABLE jobs.attempts (
    delivery_id   text COLLATE "C" NOT NULL,
    fence         bigint NOT NULL,
    -- NULL: no fault of the target, so none was spent.
    number        integer,
    outcome       text NOT NULL CHECK (outcome IN ('delivered', 'retry', 'failed', 'deferred')),
    worker        text NOT NULL,
    claimed_at    timestamptz NOT NULL,
    started_at    timestamptz NOT NULL,
    retry_at      timestamptz,
    status        integer,
    error_code    text,
    error         text,
    -- Where the time went, in microseconds. From dns to body they add up to total.
    prepare_us    bigint NOT NULL,
    limiter_us    bigint NOT NULL,
    dns_us        bigint NOT NULL,
    connect_us    bigint NOT NULL,
    tls_us        bigint NOT NULL,
    first_byte_us bigint NOT NULL,
    body_us       bigint NOT NULL,
    total_us      bigint NOT NULL,
    address       text,
    is_reused     boolean,
    -- Heads without their secrets.
    request_head  text,
    response_head text,
    -- The beginning of the response's body, any bytes.
    response_body bytea,
    is_cut        boolean NOT NULL,
    PRIMARY KEY (delivery_id, fence)
) PARTITION BY RANGE (delivery_id);

-- Makes the partitions of some days, UTC, that are not there yet; how many. Attaching one to a table takes a lock that stops
-- neither readers nor writers of the others.
CREATE FUNCTION jobs.make_log_partitions(first date, days integer) RETURNS integer
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET lock_timeout = '2s' AS $$
DECLARE
    day date;
    parent text;
    part text;
    made integer := 0;
BEGIN
    PERFORM pg_advisory_xact_lock(x'616a2d6c6f67'::bigint);
    FOR day IN SELECT first + number FROM generate_series(0, days - 1) AS number LOOP
        FOREACH parent IN ARRAY ARRAY['deliveries', 'attempts'] LOOP
            part := parent || to_char(day, '_YYYYMMDD');
            CONTINUE WHEN to_regclass('jobs.' || part) IS NOT NULL;
            EXECUTE format('CREATE TABLE jobs.%I (LIKE jobs.%I INCLUDING ALL)', part, parent);
            EXECUTE format('ALTER TABLE jobs.%I ATTACH PARTITION jobs.%I FOR VALUES FROM (%L) TO (%L)', parent, part,
                jobs.job_id_floor(day::timestamp AT TIME ZONE 'UTC'),
                jobs.job_id_floor((day + 1)::timestamp AT TIME ZONE 'UTC'));
            made := made + 1;
        END LOOP;
    END LOOP;
    RETURN made;
END
$$;

-- Drops one day's partitions that is wholly before a day, the oldest; which day, NULL when there is none. It waits for
-- readers and writers of a moment, and lets them pass if they take longer: the caller tries again.
CREATE FUNCTION jobs.drop_log_partitions(before date) RETURNS date
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET lock_timeout = '100ms' AS $$
DECLARE
    oldest text;
BEGIN
    PERFORM pg_advisory_xact_lock(x'616a2d6c6f67'::bigint);
    SELECT min(right(child.relname, 8)) INTO oldest
    FROM pg_inherits JOIN pg_class AS child ON child.oid = inhrelid
    WHERE inhparent IN ('jobs.deliveries'::regclass, 'jobs.attempts'::regclass)
        AND child.relname ~ '^(deliveries|attempts)_\d{8}$';
    IF oldest IS NULL OR oldest >= to_char(before, 'YYYYMMDD') THEN
        RETURN NULL;
    END IF;
    EXECUTE format('DROP TABLE IF EXISTS jobs.%I', 'attempts_' || oldest);
    EXECUTE format('DROP TABLE IF EXISTS jobs.%I', 'deliveries_' || oldest);
    RETURN to_date(oldest, 'YYYYMMDD');
END
$$;
REVOKE ALL ON FUNCTION jobs.make_log_partitions(date, integer) FROM PUBLIC;
REVOKE ALL ON FUNCTION jobs.drop_log_partitions(date) FROM PUBLIC;

SELECT jobs.make_log_partitions((clock_timestamp() AT TIME ZONE 'UTC')::date, 3);
