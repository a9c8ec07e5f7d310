-- What replicas share: one rate limit and one bearer token for each API key.

CREATE TABLE esim_limit (
    name    text        PRIMARY KEY,
    free_at timestamptz NOT NULL -- when the bucket is full again
) WITH (fillfactor = 50);        -- rewritten with every request, on its own page

COMMENT ON TABLE esim_limit IS 'Shared rate limits: one row for each, free_at is when its bucket is full again.';

CREATE TABLE esim_token (
    account     text        PRIMARY KEY,
    logins      bigint      NOT NULL, -- begun, ever: what a login is compared and swapped by
    token       bytea       NOT NULL DEFAULT '',
    sealed      boolean     NOT NULL DEFAULT false,
    expires_at  timestamptz,          -- NULL = there is no token
    renew_at    timestamptz,          -- nearly over from then on
    login_by    text,                 -- who is logging in, NULL = nobody
    login_at    timestamptz,
    login_until timestamptz           -- the lease of that login
);

COMMENT ON TABLE esim_token IS 'Shared bearer tokens. These are credentials, unless sealed.';
