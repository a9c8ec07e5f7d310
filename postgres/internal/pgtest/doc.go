// Package pgtest gives tests a PostgreSQL server of their own: found on this
// machine, started in a temporary directory on a unix socket, gone when the
// test binary is, however that ends.
//
//	func TestMain(m *testing.M) { goleak.VerifyTestMain(m, goleak.Cleanup(pgtest.Exit)) }
//
//	func TestSomething(t *testing.T) { pool := pgtest.Pool(t); … }
//
// ESIM_POSTGRES_URL names a server to use instead; its role must be allowed to
// create databases. Where there is neither, tests are skipped and say so; with
// ESIM_REQUIRE_POSTGRES=1 they fail.
package pgtest
