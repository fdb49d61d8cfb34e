-- Events whose push another one stands for.

-- The push of a call's status ends a waiting push of its log; a label says what a job stands for.
ALTER TABLE jobs.outbox DROP CONSTRAINT outbox_key_kind_check;
ALTER TABLE jobs.outbox ADD CHECK (key_kind IN ('unique', 'debounce', 'ending'));
ALTER TABLE jobs.outbox ADD COLUMN label text;

-- The events that a delivery stands for where they are several, with spaces between, and how many.
ALTER TABLE jobs.deliveries ADD COLUMN events text;
ALTER TABLE jobs.deliveries ADD COLUMN event_count integer;
