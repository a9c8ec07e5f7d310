// Package adapter is the one road to the wire. For every call of every
// adapter it does the same, in the same order: check that the call is allowed
// at all, wait for the limiter, sign afresh, send once, read the answer within
// bounds, decode it strictly, classify what is known about money, and send
// again only what is safe to send again.
//
// An adapter describes its provider in a [Spec] and each request in a [Call];
// it holds no policy. A reader who wants to know why a purchase was or was
// not repeated finds the answer in [Safety] and the resend table of resend.go,
// in the [Repeats] of the call and the state of its key in repeat.go, and in the
// adapter's table of [Rule] values, nowhere else.
package adapter
