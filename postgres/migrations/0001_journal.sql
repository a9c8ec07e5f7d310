-- The journal. Operators read these tables when something is wrong.

CREATE TABLE esim_purchase (
  id           text COLLATE "C" PRIMARY KEY,
  version      bigint  NOT NULL CHECK (version >= 1),
  provider     text COLLATE "C" NOT NULL,
  account      text COLLATE "C" NOT NULL,
  kind         text COLLATE "C" NOT NULL,
  reference    text COLLATE "C" NOT NULL,
  content      text COLLATE "C" NOT NULL,
  package_id   text COLLATE "C" NOT NULL,
  state        text COLLATE "C" NOT NULL CHECK (state IN ('ready', 'sending', 'unknown', 'provisioning', 'delivered', 'rejected', 'not executed', 'refunded', 'review')),
  attempts     bigint  NOT NULL CHECK (attempts >= 0),
  doubt        bigint  NOT NULL CHECK (doubt >= 0),
  arrived      boolean NOT NULL,
  keys         text COLLATE "C" NOT NULL,
  created_at   timestamptz NOT NULL,
  updated_at   timestamptz NOT NULL,
  next_at      timestamptz,
  lease_until  timestamptz,
  resend_until timestamptz,
  deadline_at  timestamptz,
  doubt_at     timestamptz,
  cost         text COLLATE "C" NOT NULL,
  currency     text COLLATE "C" NOT NULL,
  budget       text COLLATE "C" NOT NULL,
  taken        text COLLATE "C" NOT NULL,
  document     text COLLATE "C" NOT NULL,
  origin       text COLLATE "C" NOT NULL,
  seal         text COLLATE "C" NOT NULL,
  CHECK (doubt <= attempts),
  UNIQUE (provider, reference)
);

CREATE INDEX esim_purchase_due ON esim_purchase (provider, next_at, id) WHERE next_at IS NOT NULL;

CREATE INDEX esim_purchase_doubtful ON esim_purchase (account, doubt_at) WHERE doubt > 0 AND state IN ('sending', 'unknown', 'review');

CREATE INDEX esim_purchase_unsettled ON esim_purchase (created_at, id) WHERE state IN ('ready', 'sending', 'unknown', 'provisioning', 'review');

CREATE INDEX esim_purchase_age ON esim_purchase (created_at, id);

CREATE TABLE esim_key (
  provider text COLLATE "C" NOT NULL,
  key      text COLLATE "C" NOT NULL,
  purchase text COLLATE "C" NOT NULL REFERENCES esim_purchase (id),
  PRIMARY KEY (provider, key)
);

CREATE INDEX esim_key_purchase ON esim_key (purchase);

CREATE TABLE esim_budget (
  name  text COLLATE "C" PRIMARY KEY,
  spent text COLLATE "C" NOT NULL
);

CREATE TABLE esim_held (
  provider text COLLATE "C" NOT NULL,
  key      text COLLATE "C" NOT NULL,
  names    text COLLATE "C" NOT NULL,
  at       timestamptz NOT NULL,
  warned   boolean NOT NULL,
  document text COLLATE "C" NOT NULL,
  PRIMARY KEY (provider, key)
);

CREATE INDEX esim_held_at ON esim_held (at, provider, key);

CREATE TABLE esim_held_name (
  provider text COLLATE "C" NOT NULL,
  name     text COLLATE "C" NOT NULL,
  key      text COLLATE "C" NOT NULL,
  PRIMARY KEY (provider, name, key),
  FOREIGN KEY (provider, key) REFERENCES esim_held (provider, key) ON DELETE CASCADE
);

CREATE INDEX esim_held_name_key ON esim_held_name (provider, key);

CREATE TABLE esim_meta (
  name  text COLLATE "C" PRIMARY KEY,
  value text COLLATE "C" NOT NULL
);
