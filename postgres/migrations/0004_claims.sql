-- Which reseller a router has given each reference to.

CREATE TABLE esim_claim (
  reference  text COLLATE "C" PRIMARY KEY,
  version    bigint  NOT NULL CHECK (version >= 1),
  document   text COLLATE "C" NOT NULL,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  seal       text COLLATE "C" NOT NULL
);

CREATE INDEX esim_claim_age ON esim_claim (created_at);
