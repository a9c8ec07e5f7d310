-- Webhooks as they came in, each once.

CREATE TABLE esim_inbox (
    id          bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    source      text        NOT NULL,
    key         text        NOT NULL, -- identity of the message at its source
    header      jsonb       NOT NULL,
    body        bytea       NOT NULL,
    received_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    attempts    integer     NOT NULL DEFAULT 0,
    next_at     timestamptz NOT NULL DEFAULT clock_timestamp(), -- when it is due, or its lease is over
    done_at     timestamptz,
    UNIQUE (source, key)
);

CREATE INDEX esim_inbox_due ON esim_inbox (next_at, id) WHERE done_at IS NULL;
CREATE INDEX esim_inbox_done ON esim_inbox (done_at) WHERE done_at IS NOT NULL;

COMMENT ON TABLE esim_inbox IS 'Webhooks, kept after they are done so that the same one again is known.';
