package sqlite_test

import (
	"context"
	"fmt"
	"log"
	"net/http/httptest"
	"os"
	"path/filepath"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/esimfly"
	"github.com/esimkit/esim/esimtest/simulator"
	"github.com/esimkit/esim/sqlite"
	"github.com/esimkit/esim/webhook"
)

// A webhook that comes again after a restart is known.
func ExampleStore_Inbox() {
	dir, err := os.MkdirTemp("", "inbox")
	if err != nil {
		log.Fatal(err)
	}
	defer func() { _ = os.RemoveAll(dir) }() // what is left is of no use
	secret := esim.NewSecret("whsec_made_up")
	hook := simulator.ESIMFlyWebhook(secret, esim.Event{Kind: esim.EventInstalled, ICCID: "8948010010092445039", OrderID: "order_1"})
	onEvent := func(_ context.Context, e esim.Event) error {
		fmt.Println(e.Kind, e.OrderID)
		return nil
	}
	for range 2 {
		store, err := sqlite.Open(filepath.Join(dir, "purchases.db"))
		if err != nil {
			log.Fatal(err)
		}
		h := webhook.NewHandler(store.Inbox(), onEvent, esimfly.Webhooks(secret))
		w := httptest.NewRecorder()
		h.ServeHTTP(w, hook.Request(context.Background(), "/hooks"))
		fmt.Println(w.Code)
		if err := store.Close(); err != nil {
			log.Fatal(err)
		}
	}
	// Output:
	// installed order_1
	// 200
	// 200
}
