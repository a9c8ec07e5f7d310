// Package killproof kills the receiver of webhooks, a real process that serves
// [webhook.Handler] on a loopback port, and shows what became of the webhooks
// that it had acknowledged. It kills at named steps between the socket and the
// commit and behind it, and at any moment.
//
// SIGKILL leaves what the process has written with the operating system. That
// it is on the disk when the machine loses its power is shown elsewhere.
package killproof
