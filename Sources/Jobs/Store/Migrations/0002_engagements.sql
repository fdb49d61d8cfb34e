-- What the receiver stores: one row per engagement, and the pushes that it could not place.
-- person_id has no NOT NULL: the upsert offers a row before it knows that the engagement exists already.
CREATE TABLE crm.aventora_engagement (
    engagement_id      text PRIMARY KEY,
    person_id          text,
    workspace_id       text,
    domain_name        text,
    call_sid           text,
    status             text,
    outcome            text,
    summary            text,
    started_at         timestamptz,
    completed_at       timestamptz,
    history            jsonb,
    transcript         jsonb,
    channel            text,
    type               text,
    contact_identifier text,
    direction          text,
    event_type         text,
    delivery_type      text,
    sent_at            timestamptz NOT NULL,
    created_at         timestamptz NOT NULL DEFAULT now(),
    updated_at         timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX aventora_engagement_by_person ON crm.aventora_engagement (person_id, started_at DESC);

CREATE TABLE crm.ignored_push (
    engagement_id text NOT NULL,
    sent_at       timestamptz NOT NULL,
    reason        text NOT NULL,
    domain_name   text,
    person_id     text,
    status        text,
    event_type    text,
    times         integer NOT NULL DEFAULT 1,
    received_at   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (engagement_id, sent_at)
);
CREATE INDEX ignored_push_by_time ON crm.ignored_push (received_at);
