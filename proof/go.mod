module github.com/esimkit/esim/proof

go 1.26.0

require (
	github.com/esimkit/esim v0.0.0
	github.com/esimkit/esim/postgres v0.0.0
	github.com/esimkit/esim/sqlite v0.0.0
	github.com/jackc/pgx/v5 v5.12.0
	github.com/stretchr/testify v1.12.0
)
