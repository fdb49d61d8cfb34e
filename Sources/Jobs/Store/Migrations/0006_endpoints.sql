-- Subscriptions: who gets which events, and how. Secrets, the values of headers and TLS material are sealed under SECRETS_KEY.
CREATE TABLE jobs.endpoints (
    id                  text PRIMARY KEY,
    url                 text NOT NULL CHECK (octet_length(url) <= 2048),
    -- Patterns such as "person.*", in the order given.
    operations          json NOT NULL,
    description         text,
    format              text NOT NULL,
    signing             text NOT NULL,
    -- As the engine writes a policy.
    retry               text NOT NULL,
    max_in_flight       bigint NOT NULL CHECK (max_in_flight > 0),
    rate_per_second     double precision CHECK (rate_per_second > 0),
    header_names        json NOT NULL,
    -- "ca" and "certificate", as far as there is one.
    tls_parts           json NOT NULL,
    -- What those headers and parts hold.
    extras_key_id       text,
    extras_sealed       bytea,
    filter              json NOT NULL,
    enabled             boolean NOT NULL,
    -- Deliveries in a row that failed for good.
    failures_in_a_row   bigint NOT NULL DEFAULT 0,
    -- While it is parked nothing is delivered but one event at a time, to see whether it is back.
    parked_at           timestamptz,
    parked_reason       text,
    probe_at            timestamptz,
    probes              bigint NOT NULL DEFAULT 0,
    -- Since when what had waited goes out, one at a time; until none is left.
    releasing_at        timestamptz,
    created_at          timestamptz NOT NULL DEFAULT clock_timestamp(),
    updated_at          timestamptz NOT NULL DEFAULT clock_timestamp(),
    CHECK ((extras_key_id IS NULL) = (extras_sealed IS NULL)),
    CHECK ((parked_at IS NULL) = (probe_at IS NULL) AND (parked_at IS NULL) = (parked_reason IS NULL))
);

-- The newest has no expiry; the ones before it sign beside it until theirs.
CREATE TABLE jobs.endpoint_secrets (
    number      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    endpoint_id text NOT NULL REFERENCES jobs.endpoints (id) ON DELETE CASCADE,
    key_id      text NOT NULL,
    sealed      bytea NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    expires_at  timestamptz
);
CREATE INDEX endpoint_secrets_by_endpoint ON jobs.endpoint_secrets (endpoint_id, number);

-- One row that tells whoever keeps a copy whether it is still right: cheaper to look at than the tables themselves.
CREATE TABLE jobs.endpoints_version (
    is_the_one  boolean PRIMARY KEY DEFAULT true CHECK (is_the_one),
    version     bigint NOT NULL
);
INSERT INTO jobs.endpoints_version (version) VALUES (1);

CREATE FUNCTION jobs.endpoints_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE jobs.endpoints_version SET version = version + 1;
    PERFORM pg_notify('jobs_endpoints', '');
    RETURN NULL;
END
$$;
CREATE TRIGGER endpoints_changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON jobs.endpoints
    FOR EACH STATEMENT EXECUTE FUNCTION jobs.endpoints_changed();
CREATE TRIGGER endpoint_secrets_changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON jobs.endpoint_secrets
    FOR EACH STATEMENT EXECUTE FUNCTION jobs.endpoints_changed();
