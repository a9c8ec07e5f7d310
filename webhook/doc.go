// Package webhook receives the webhooks of all providers at one
// [http.Handler], verifies them, stores each once, and hands on what they tell
// as [esim.Event]:
//
//	h := webhook.NewHandler(webhook.NewMemoryInbox(), onEvent,
//		esimfly.Webhooks(secret),
//		esimstory.Webhooks(esimstory.WebhookConfig{PathSecret: pathSecret}),
//		esimfx.Webhooks(token))
//	http.Handle("POST /hooks/", h) // /hooks/esimfly, /hooks/esimstory/<path secret>, /hooks/esimfx
//	go h.Run(ctx)
//
// The sender is told 200 only after the [Inbox] has the message, so nothing
// that was acknowledged is lost; the inbox knows it when it comes again, so
// nothing has its effect twice. What onEvent fails on, and what a crash left
// behind, is handed on again by [Handler.Run] until it returns nil.
//
// A webhook never spends money. One that does not arrive costs time only,
// where the provider can be asked: see [Waiters].
package webhook
