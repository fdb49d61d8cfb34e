-- The outbox: jobs that Postgres keeps until they have ended, because Redis was away, because the caller asked for it, or
-- because a producer wrote them in a transaction of its own. A relay enqueues them, in the order of `number`.

-- One row per job. It is waiting while relayed_at is null, under way until ended_at is set, and removed a day later.
CREATE TABLE jobs.outbox (
    number       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id           text COLLATE "C" NOT NULL UNIQUE,
    -- Rows that are enqueued together: the id of the first of them. Groups count from 0; each has a receipt or none.
    submission   text COLLATE "C" NOT NULL,
    group_number integer NOT NULL DEFAULT 0,
    queue        text NOT NULL,
    kind         text NOT NULL,
    arguments    bytea NOT NULL,
    policy       text NOT NULL,
    lane         text NOT NULL DEFAULT '',
    -- NULL: at once.
    run_at       timestamptz,
    key_kind     text CHECK (key_kind IN ('unique', 'debounce')),
    key          text,
    -- The key's lifetime, or the quiet time of a debounce.
    key_milliseconds     bigint,
    longest_milliseconds bigint,
    time_limit_milliseconds bigint,
    version      integer NOT NULL DEFAULT 1,
    created_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
    relayed_at   timestamptz,
    times_relayed integer NOT NULL DEFAULT 0,
    ended_at     timestamptz,
    -- Another job that runs in this one's place: of the same key, or of an earlier submission with the same receipt.
    carried_by   text COLLATE "C",
    CHECK ((key_kind IS NULL) = (key IS NULL))
);
-- None of these holds a row that has ended but the last, by which they are removed.
CREATE INDEX outbox_waiting ON jobs.outbox (number) WHERE relayed_at IS NULL AND ended_at IS NULL;
CREATE INDEX outbox_waiting_by_submission ON jobs.outbox (submission) WHERE relayed_at IS NULL AND ended_at IS NULL;
CREATE INDEX outbox_under_way ON jobs.outbox (number) WHERE relayed_at IS NOT NULL AND ended_at IS NULL;
CREATE INDEX outbox_carried ON jobs.outbox (carried_by) WHERE carried_by IS NOT NULL AND ended_at IS NULL;
CREATE INDEX outbox_ended ON jobs.outbox (ended_at) WHERE ended_at IS NOT NULL;

-- What an idempotency key answered, of submissions that came this way. Kept for a day.
CREATE TABLE jobs.outbox_receipt (
    queue        text NOT NULL,
    key          text COLLATE "C" NOT NULL,
    digest       text NOT NULL,
    -- The ids of each group, separated by spaces, one line a group.
    ids          text NOT NULL,
    submission   text COLLATE "C",
    -- The group that it answers for; -1 is the submission as a whole.
    group_number integer NOT NULL,
    created_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (queue, key)
);
CREATE INDEX outbox_receipt_by_submission ON jobs.outbox_receipt (submission);
CREATE INDEX outbox_receipt_by_time ON jobs.outbox_receipt (created_at);

-- One row, whose lock is the right to relay; and the life of Redis's data that the rows under way were given to.
CREATE TABLE jobs.outbox_relay (
    name  text PRIMARY KEY CHECK (name = 'relay'),
    epoch text
);
INSERT INTO jobs.outbox_relay (name) VALUES ('relay');
-- Grows with each batch, also when the transaction around it fails: that is why it is no column.
CREATE SEQUENCE jobs.outbox_fence;

-- How many rows wait, as far as it matters: exact from `most` on, else 0. Two look-ups in indexes unless there are so many.
CREATE FUNCTION jobs.outbox_waiting(most bigint) RETURNS bigint
LANGUAGE sql VOLATILE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
    SELECT CASE
        WHEN (SELECT number FROM jobs.outbox ORDER BY number DESC LIMIT 1) -
            (SELECT number FROM jobs.outbox WHERE relayed_at IS NULL AND ended_at IS NULL ORDER BY number LIMIT 1)
            + 1 >= most
        THEN (SELECT count(*) FROM (
            SELECT FROM jobs.outbox WHERE relayed_at IS NULL AND ended_at IS NULL LIMIT most) AS waiting)
        ELSE 0 END
$$;

-- A new job id: 45 bits of Unix milliseconds, then 55 random bits, in Crockford's base 32 in lower case.
CREATE FUNCTION jobs.make_job_id() RETURNS text
LANGUAGE plpgsql VOLATILE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    alphabet CONSTANT text := '0123456789abcdefghjkmnpqrstvwxyz';
    milliseconds CONSTANT bigint := (extract(epoch FROM clock_timestamp()) * 1000)::bigint;
    -- Of a random uuid the last 12 digits and three of the first eight hold nothing but chance.
    random_hex CONSTANT text := replace(gen_random_uuid()::text, '-', '');
    noise CONSTANT bigint := ('x0' || left(random_hex, 3) || right(random_hex, 12))::bit(64)::bigint & ((1::bigint << 55) - 1);
    halves CONSTANT bigint[] := ARRAY[(milliseconds << 5) | (noise >> 50), noise & ((1::bigint << 50) - 1)];
    result text := '';
BEGIN
    FOR half IN 1..2 LOOP
        FOR shift IN REVERSE 9..0 LOOP
            result := result || substr(alphabet, ((halves[half] >> (shift * 5)) & 31)::integer + 1, 1);
        END LOOP;
    END LOOP;
    RETURN result;
END
$$;

-- Enqueues a job within the caller's transaction: it runs if and only if that commits. Answers the job's id.
-- A value that the API would refuse is refused with SQLSTATE 22023 and a message that names the parameter.
CREATE FUNCTION jobs.enqueue(
    kind text,
    args jsonb DEFAULT '{}',
    queue text DEFAULT NULL,
    delay_seconds numeric DEFAULT NULL,
    run_at timestamptz DEFAULT NULL,
    unique_key text DEFAULT NULL,
    unique_seconds numeric DEFAULT 86400,
    debounce_key text DEFAULT NULL,
    debounce_seconds numeric DEFAULT NULL,
    debounce_max_seconds numeric DEFAULT NULL,
    lane text DEFAULT '',
    attempts integer DEFAULT 3,
    retry_delay_seconds numeric DEFAULT 5,
    retry_schedule_seconds numeric[] DEFAULT NULL,
    time_limit_seconds numeric DEFAULT NULL,
    version integer DEFAULT 1
) RETURNS text
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    token CONSTANT text := '^[!-~]{1,200}$';
    longest_delay CONSTANT numeric := 400 * 86400;
    new_id CONSTANT text := jobs.make_job_id();
    target_queue text := queue;
    policy text;
    due timestamptz := run_at;
    fault text;
BEGIN
    IF target_queue IS NULL THEN
        target_queue := CASE WHEN kind = 'engagement.upsert' THEN 'crm' ELSE 'webhooks' END;
    END IF;
    fault := CASE
        WHEN kind IS NULL OR kind !~ token THEN 'kind: expected 1 to 200 printable ASCII characters without spaces'
        WHEN args IS NULL OR jsonb_typeof(args) <> 'object' THEN 'args: expected a JSON object'
        WHEN octet_length(args::text) > 1048576 THEN 'args: at most 1048576 bytes'
        WHEN target_queue !~ '^[a-z0-9_.-]{1,64}$' THEN 'queue: expected 1 to 64 characters of a-z, 0-9, _, - and .'
        WHEN lane IS NULL OR (lane <> '' AND lane !~ token)
            THEN 'lane: expected at most 200 printable ASCII characters without spaces'
        WHEN delay_seconds IS NOT NULL AND run_at IS NOT NULL THEN 'delay_seconds, run_at: give only one of them'
        WHEN delay_seconds NOT BETWEEN 0 AND longest_delay THEN 'delay_seconds: expected 0 to 34560000'
        WHEN run_at > clock_timestamp() + make_interval(days => 400) THEN 'run_at: at most 400 days from now'
        WHEN unique_key IS NOT NULL AND debounce_key IS NOT NULL THEN 'unique_key, debounce_key: give only one of them'
        WHEN unique_key !~ token THEN 'unique_key: expected 1 to 200 printable ASCII characters without spaces'
        WHEN unique_key IS NOT NULL AND (unique_seconds IS NULL OR unique_seconds NOT BETWEEN 1 AND longest_delay)
            THEN 'unique_seconds: expected 1 to 34560000'
        WHEN debounce_key !~ token THEN 'debounce_key: expected 1 to 200 printable ASCII characters without spaces'
        WHEN (debounce_key IS NULL) <> (debounce_seconds IS NULL)
            THEN 'debounce_key, debounce_seconds: give both or none'
        WHEN debounce_max_seconds IS NOT NULL AND debounce_key IS NULL THEN 'debounce_max_seconds: needs debounce_key'
        WHEN debounce_seconds NOT BETWEEN 0.001 AND longest_delay THEN 'debounce_seconds: expected 0.001 to 34560000'
        WHEN debounce_max_seconds NOT BETWEEN debounce_seconds AND longest_delay
            THEN 'debounce_max_seconds: expected debounce_seconds to 34560000'
        WHEN debounce_key IS NOT NULL AND (delay_seconds IS NOT NULL OR run_at IS NOT NULL)
            THEN 'debounce_key: its time is debounce_seconds; give no delay_seconds and no run_at'
        WHEN attempts IS NULL OR attempts NOT BETWEEN 1 AND 1000 THEN 'attempts: expected 1 to 1000'
        WHEN retry_delay_seconds IS NULL OR retry_delay_seconds NOT BETWEEN 0 AND longest_delay
            THEN 'retry_delay_seconds: expected 0 to 34560000'
        WHEN cardinality(retry_schedule_seconds) NOT BETWEEN 1 AND 50
            THEN 'retry_schedule_seconds: expected 1 to 50 delays'
        WHEN array_position(retry_schedule_seconds, NULL) IS NOT NULL
            OR EXISTS (SELECT FROM unnest(retry_schedule_seconds) AS s WHERE s NOT BETWEEN 0 AND longest_delay)
            THEN 'retry_schedule_seconds: expected each to be 0 to 34560000'
        WHEN time_limit_seconds NOT BETWEEN 0.001 AND 86400 THEN 'time_limit_seconds: expected 0.001 to 86400'
        WHEN version IS NULL OR version NOT BETWEEN 1 AND 1000000 THEN 'version: expected 1 to 1000000'
    END;
    IF fault IS NOT NULL THEN
        RAISE EXCEPTION 'jobs.enqueue: %', fault USING ERRCODE = 'invalid_parameter_value';
    END IF;

    IF jobs.outbox_waiting(5000000) >= 5000000 THEN
        RAISE EXCEPTION 'jobs.enqueue: 5000000 jobs wait in the outbox' USING ERRCODE = 'configuration_limit_exceeded';
    END IF;

    policy := CASE WHEN retry_schedule_seconds IS NULL
        THEN attempts || 'x' || (retry_delay_seconds * 1000)::bigint
        ELSE (SELECT 's' || string_agg((s * 1000)::bigint::text, ',' ORDER BY place)
              FROM unnest(retry_schedule_seconds) WITH ORDINALITY AS list (s, place)) END;
    IF delay_seconds > 0 THEN
        due := clock_timestamp() + make_interval(secs => delay_seconds);
    END IF;
    INSERT INTO jobs.outbox (
        id, submission, queue, kind, arguments, policy, lane, run_at, key_kind, key, key_milliseconds,
        longest_milliseconds, time_limit_milliseconds, version)
    VALUES (
        new_id, new_id, target_queue, kind, convert_to(args::text, 'UTF8'), policy, lane, due,
        CASE WHEN unique_key IS NOT NULL THEN 'unique' WHEN debounce_key IS NOT NULL THEN 'debounce' END,
        coalesce(unique_key, debounce_key),
        CASE WHEN unique_key IS NOT NULL THEN (unique_seconds * 1000)::bigint ELSE (debounce_seconds * 1000)::bigint END,
        coalesce((debounce_max_seconds * 1000)::bigint, (debounce_seconds * 5000)::bigint),
        (time_limit_seconds * 1000)::bigint, version);
    PERFORM pg_notify('jobs_outbox', '');
    RETURN new_id;
END
$$;
