-- How many calls each Twenty workspace gets from all processes together; times in microseconds since 1970, by this
-- server's clock.
CREATE TABLE jobs.twenty_limits (
    bucket     text PRIMARY KEY CHECK (octet_length(bucket) BETWEEN 1 AND 200),
    -- When the next call would come if all were evenly spaced.
    next_us    bigint NOT NULL DEFAULT 0,
    -- Until when nobody calls, because Twenty said so.
    held_us    bigint NOT NULL DEFAULT 0,
    -- The last of the times at which callers that were sent away come back.
    line_us    bigint NOT NULL DEFAULT 0,
    granted    bigint NOT NULL DEFAULT 0,
    denied     bigint NOT NULL DEFAULT 0
);

-- Asks for one call. The row's lock makes the callers of all processes stand in line, and the clock is read under it.
-- `wait_us`: how long until the call, whose place is taken; or, where it does not go, until it is worth asking again.
CREATE FUNCTION jobs.twenty_take(
    of_bucket text, test_now_us bigint, interval_us bigint, lead_us bigint, patience_us bigint
) RETURNS TABLE (goes boolean, wait_us bigint) LANGUAGE plpgsql AS $$
DECLARE
    longest_hold_us CONSTANT bigint := 3600000000;
    longest_line_us CONSTANT bigint := 600000000;
    slack_us CONSTANT bigint := 60000000;
    l jobs.twenty_limits%ROWTYPE;
    now_us bigint;
    start_us bigint;
BEGIN
    SELECT * INTO l FROM jobs.twenty_limits WHERE bucket = of_bucket FOR UPDATE;
    IF NOT FOUND THEN
        INSERT INTO jobs.twenty_limits (bucket) VALUES (of_bucket) ON CONFLICT (bucket) DO NOTHING;
        SELECT * INTO STRICT l FROM jobs.twenty_limits WHERE bucket = of_bucket FOR UPDATE;
    END IF;
    now_us := COALESCE(test_now_us, (extract(epoch FROM clock_timestamp()) * 1000000)::bigint);
    -- What lies much further ahead than it ever can was written before the clock was set back.
    l.next_us := LEAST(l.next_us, now_us + lead_us + patience_us + interval_us + slack_us);
    l.held_us := LEAST(l.held_us, now_us + longest_hold_us);
    l.line_us := LEAST(l.line_us, now_us + longest_line_us);
    start_us := GREATEST(now_us, l.next_us - lead_us, l.held_us);
    goes := start_us - now_us <= patience_us;
    IF goes THEN
        l.next_us := GREATEST(l.next_us, start_us) + interval_us;
        l.granted := l.granted + 1;
        wait_us := start_us - now_us;
    ELSE
        -- At the pace at which places become free, so that those who wait do not come back all at once.
        l.line_us := GREATEST(l.line_us, start_us) + interval_us;
        l.denied := l.denied + 1;
        wait_us := LEAST(l.line_us - now_us, GREATEST(longest_line_us, start_us - now_us));
    END IF;
    UPDATE jobs.twenty_limits AS t
    SET next_us = l.next_us, held_us = l.held_us, line_us = l.line_us, granted = l.granted, denied = l.denied
    WHERE t.bucket = of_bucket;
    RETURN NEXT;
END
$$;

-- The one row of record sync's settings; without it the variables say them. The key is sealed under SECRETS_KEY.
CREATE TABLE jobs.crm_config (
    is_the_one boolean PRIMARY KEY DEFAULT true CHECK (is_the_one),
    base_url   text NOT NULL CHECK (octet_length(base_url) <= 2048),
    -- NULL: the variable's, which only ever goes to the variable's address.
    key_id     text,
    sealed     bytea,
    enabled    boolean NOT NULL,
    mode       text NOT NULL CHECK (mode IN ('disabled', 'platform', 'direct_crm')),
    created_by text NOT NULL,
    updated_by text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    updated_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CHECK ((key_id IS NULL) = (sealed IS NULL))
);

-- Which record of a Twenty workspace is which of ours.
CREATE TABLE jobs.crm_mappings (
    -- Where: as in twenty_limits.
    bucket      text NOT NULL,
    -- person or company
    object      text NOT NULL CHECK (object IN ('person', 'company')),
    external_id text COLLATE "C" NOT NULL,
    crm_id      uuid NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    updated_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (bucket, object, external_id)
);
