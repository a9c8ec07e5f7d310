package main

import (
	"context"
	"embed"
	"errors"
	"io/fs"
	"net/http"
	"strings"
	"sync"
	"time"
)

//go:embed static
var static embed.FS

// maxForm is more than any form of ours holds.
const maxForm = 16 << 10

// handler is all of the shop on one address.
func (s *shop) handler() http.Handler {
	shop, operator := http.NewServeMux(), http.NewServeMux()
	shop.HandleFunc("GET /{$}", s.home)
	shop.HandleFunc("GET /to/{country}", s.country)
	shop.HandleFunc("GET /checkout", s.checkout)
	shop.HandleFunc("POST /buy", s.postBuy)
	shop.HandleFunc("GET /order/{cart}", s.order)
	shop.HandleFunc("GET /order/{cart}/live", s.live)
	shop.HandleFunc("GET /order/{cart}/top-up", s.topUpCheckout)
	shop.HandleFunc("POST /order/{cart}/top-up", s.postTopUp)
	shop.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		s.say(w, r, http.StatusNotFound, "There is no such page", "The address may be cut off, or the page is gone.")
	})
	operator.HandleFunc("GET /operator", s.operator)
	operator.HandleFunc("POST /operator/decide", s.decide)
	operator.HandleFunc("POST /operator/escalate", s.escalate)
	operator.HandleFunc("POST /operator/accept", s.accept)
	if s.resellers.sim != nil {
		operator.HandleFunc("POST /operator/demo", s.demonstrate)
	}
	shop.Handle("/operator", operatorOnly(s.password, operator))
	shop.Handle("/operator/", operatorOnly(s.password, operator))

	all := http.NewServeMux()
	all.Handle("/", http.MaxBytesHandler(shop, maxForm))
	all.Handle("GET /static/", files())
	if s.hooks != nil {
		all.Handle("POST /hooks/", s.hooks) // has a limit of its own
	}
	return guard(all)
}

func files() http.Handler {
	serve := http.FileServerFS(must(fs.Sub(static, "static")))
	return http.StripPrefix("/static/", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "" || strings.HasSuffix(r.URL.Path, "/") {
			http.NotFound(w, r) // no lists of files
			return
		}
		w.Header().Set("Cache-Control", "no-cache") // asked for again each time, for a new version of the shop
		serve.ServeHTTP(w, r)
	}))
}

// must is for what is embedded and therefore there.
func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// serve runs the shop until ctx ends, and then lets what has begun finish.
func (s *shop) serve(ctx context.Context) error {
	running, stop := context.WithCancel(ctx)
	defer stop()
	server := &http.Server{
		Handler:           s.handler(),
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       15 * time.Second,
		WriteTimeout:      30 * time.Second, // live pages set their own
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    32 << 10,
	}
	server.RegisterOnShutdown(func() { close(s.closing) }) // pages that are being watched would never end
	var working sync.WaitGroup
	working.Go(func() { s.work(running) })
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(s.listener) }()

	var err error
	select {
	case err = <-failed:
	case <-ctx.Done():
	}
	stop()
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	err = errors.Join(err, server.Shutdown(grace), s.journal.Close(grace))
	working.Wait()
	return errors.Join(err, s.close())
}
