// Package claimstest holds the tests that every [router.Claims] must pass.
//
// Claims are what keeps two processes from giving one reference to two
// resellers, so what they promise is put to the test one promise at a time: that
// of all who write a version one succeeds, that the others are told so and leave
// nothing behind, and that a claim is read as it was written last.
//
//	func TestClaims(t *testing.T) {
//		claimstest.Run(t, func(t testing.TB) router.Claims {
//			claims, err := myclaims.Open(filepath.Join(t.TempDir(), "claims"))
//			if err != nil {
//				t.Fatal(err)
//			}
//			t.Cleanup(func() { _ = claims.Close() })
//			return claims
//		})
//	}
//
// What not every store of claims can do is asked for by optional methods, of the
// store or of a type around it that the test makes: [Purger], [Clock], [Sharer]
// and [Reopener]. Checks that need one of them skip without it and say so. That
// a claim survives a process that is killed takes a process to kill, which is
// for a test of the store's own.
package claimstest
