// Package inboxtest holds the tests that every [webhook.Inbox] must pass.
//
// An inbox is what lets a handler tell a sender "I have it", so what it
// promises is put to the test one promise at a time: that a message is known
// when it comes again, that one worker has it at a time, that it comes out as
// it went in, and that it comes out again until somebody says it is done.
//
//	func TestInbox(t *testing.T) {
//		inboxtest.Run(t, func(t testing.TB) webhook.Inbox {
//			inbox, err := myinbox.Open(filepath.Join(t.TempDir(), "webhooks"))
//			if err != nil {
//				t.Fatal(err)
//			}
//			t.Cleanup(func() { _ = inbox.Close() })
//			return inbox
//		})
//	}
//
// What not every inbox can do is asked for by optional methods, of the inbox or
// of a type around it that the test makes: [Advancer], [Purger], [Sharer] and
// [Reopener]. Checks that need one of them skip without it and say so. That a
// message survives a process that is killed takes a process to kill, which is
// for a test of the inbox's own.
package inboxtest
