// Package journaltest holds the tests that every [journal.Store] must pass.
//
// A store is what keeps a shop from buying twice, so what it promises is put to
// the test one promise at a time: that of two writers one loses, that a name
// belongs to one purchase, that a budget is never exceeded, that what was read
// can be changed without changing what is kept.
//
//	func TestStore(t *testing.T) {
//		journaltest.TestStore(t, func(t testing.TB) journal.Store {
//			store, err := mystore.Open(filepath.Join(t.TempDir(), "purchases"))
//			if err != nil {
//				t.Fatal(err)
//			}
//			t.Cleanup(func() { _ = store.Close() })
//			return store
//		})
//	}
//
// What not every store can do is asked for by optional methods, of the store or
// of a type around it that the test makes: [Advancer], [Sharer], [Reopener] and
// [io.Closer]. Checks that need one of them skip without it and say so.
package journaltest
