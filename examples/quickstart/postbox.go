package main

import (
	"context"
	"crypto/rand"
	"errors"
	"net"
	"net/http"
	"time"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/esimstory"
)

// postbox is the webhook receiver of the shop: eSIM Story delivers eSIMs in no
// other way.
type postbox struct {
	server     *http.Server
	listener   net.Listener
	secret     string
	deliveries chan *esimstory.Delivery
}

func openPostbox() (*postbox, error) {
	listener, err := new(net.ListenConfig).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	p := &postbox{listener: listener, secret: rand.Text(), deliveries: make(chan *esimstory.Delivery, 16)}
	p.server = &http.Server{
		Handler:           esimstory.DeliveryHandler(esim.NewSecret(p.secret), p.store),
		ReadHeaderTimeout: 5 * time.Second,
	}
	go p.server.Serve(listener) //nolint:errcheck // ends with close
	return p, nil
}

// store is called for each delivery. A real shop writes it to its database
// here: eSIM Story takes the eSIM for delivered once store returns nil.
func (p *postbox) store(_ context.Context, d *esimstory.Delivery) error {
	select {
	case p.deliveries <- d:
		return nil
	default:
		return errors.New("the postbox is full")
	}
}

// URL holds the path secret, since eSIM Story signs nothing.
func (p *postbox) URL() string { return "http://" + p.listener.Addr().String() + "/" + p.secret }

func (p *postbox) close() { _ = p.server.Close() } // the program ends
