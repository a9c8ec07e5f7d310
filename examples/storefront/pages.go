package main

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"net/http"
	"strings"
	"time"

	"github.com/esimkit/esim"
)

//go:embed templates
var templates embed.FS

// pages are the templates, one set for each page.
type pages struct{ sets map[string]*template.Template }

func readPages() (*pages, error) {
	p := &pages{sets: make(map[string]*template.Template)}
	for _, name := range []string{"home", "country", "checkout", "order", "operator", "message"} {
		set, err := template.New("layout.html").Funcs(words).
			ParseFS(templates, "templates/layout.html", "templates/parts.html", "templates/"+name+".html")
		if err != nil {
			return nil, err
		}
		p.sets[name] = set
	}
	return p, nil
}

// words are what templates say beside their data.
var words = template.FuncMap{
	"flag":  flagOf,
	"title": title,
	"brief": brief,
	"life":  lifeOf,
	"bar":   bar,
	"size": func(p esim.Package) string {
		if p.Unlimited {
			return "Unlimited"
		}
		return p.Data.String()
	},
	"ago": func(t time.Time) string { return age(time.Since(t)) },
	"clock": func(t time.Time) string {
		if t.IsZero() {
			return "not stated"
		}
		return t.UTC().Format("2 Jan 15:04:05 UTC")
	},
	"date":  func(t time.Time) string { return t.UTC().Format("2 January 2006") },
	"plan":  planOf,
	"times": times,
	"cents": cents,
}

// flagOf is the flag of a country, as two regional indicator symbols. Where a
// system has no such pictures it shows the letters.
func flagOf(c esim.Country) string {
	if len(c) != 2 {
		return ""
	}
	const regionalA = '\U0001F1E6'
	return string([]rune{regionalA + rune(c[0]-'A'), regionalA + rune(c[1]-'A')})
}

// planOf names a package in the same words for every reseller.
func planOf(p esim.Package) string {
	place := p.Region
	if len(p.Countries) == 1 {
		place = p.Countries[0].Name()
	}
	if place == "" {
		return p.Name
	}
	return place
}

// times is how often something was done.
func times(n int) string {
	switch n {
	case 1:
		return "once"
	case 2:
		return "twice"
	}
	return fmt.Sprintf("%d times", n)
}

// cents rounds a price for people.
func cents(e esim.Estimate) esim.Money { return e.Round(2) }

// age is how long something has lasted, in the largest unit that fits.
func age(d time.Duration) string {
	for _, u := range []struct {
		unit time.Duration
		name string
	}{{24 * time.Hour, "day"}, {time.Hour, "hour"}, {time.Minute, "minute"}, {time.Second, "second"}} {
		switch n := int(d / u.unit); {
		case n == 1:
			return "1 " + u.name
		case n > 1:
			return fmt.Sprintf("%d %ss", n, u.name)
		}
	}
	return "0 seconds"
}

// view is what the layout needs to know.
type view struct {
	Title  string
	Demo   bool
	Sells  bool
	Reload int // seconds, for browsers without script; 0 = not
	Body   any
}

// show writes a page, or nothing of it.
func (s *shop) show(w http.ResponseWriter, r *http.Request, code int, name string, p view) {
	p.Demo, p.Sells = s.resellers.sim != nil, s.sells
	var b bytes.Buffer
	if err := s.pages.sets[name].ExecuteTemplate(&b, "layout.html", p); err != nil {
		s.logger.ErrorContext(r.Context(), "page not written", "page", name, "error", err)
		http.Error(w, "This page cannot be shown.", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(code)
	_, _ = w.Write(b.Bytes()) // who has left has left
}

// part writes one part of a page, for a page that is being watched.
func (s *shop) part(name, part string, data any) (string, error) {
	var b strings.Builder
	err := s.pages.sets[name].ExecuteTemplate(&b, part, data)
	return b.String(), err
}

// message is a page that says one thing.
type message struct{ Headline, Text string }

func (s *shop) say(w http.ResponseWriter, r *http.Request, code int, headline, text string) {
	s.show(w, r, code, "message", view{Title: headline, Body: message{headline, text}})
}

// trouble says that something of ours has failed.
func (s *shop) trouble(w http.ResponseWriter, r *http.Request, err error) {
	s.logger.ErrorContext(r.Context(), "request failed", "method", r.Method, "error", err)
	s.say(w, r, http.StatusInternalServerError, "Something went wrong here",
		"Try again in a moment. If you have paid, go back to the page of your order: it says where things stand.")
}
