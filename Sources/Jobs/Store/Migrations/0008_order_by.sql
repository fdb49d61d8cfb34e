-- What an endpoint's deliveries are ordered by; NULL: nothing.
ALTER TABLE jobs.endpoints ADD COLUMN order_by text;

-- Jobs of one queue with the same order key run one after another; NULL: in any order.
ALTER TABLE jobs.outbox ADD COLUMN order_key text CHECK (order_key ~ '^[!-~]{1,200}$');
