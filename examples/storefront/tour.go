package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/catalog"
	"github.com/esimkit/esim/esimstory"
)

// tour is a customer without a browser: one sale over HTTP in which the answer
// of the reseller is lost and the eSIM comes late, and then the books.
func tour(ctx context.Context, w io.Writer, s *shop) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	fmt.Fprintln(w, "Three resellers, simulated. The next answer will be lost, and deliveries are held back.")
	s.loseNextAnswer() //nolint:contextcheck // as for the button
	s.hold(true)
	o, err := s.firstOffer(ctx, esimstory.Provider, "JP")
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "Offer:    %s, %d days in %s for %s, from %s\n", o.Data, o.ValidityDays, planOf(o.Package), o.Price, title(o.Provider))

	v := &visitor{base: s.base, client: &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
	checkout, err := v.get(ctx, "/checkout?offer="+url.QueryEscape(o.Key()))
	if err != nil {
		return err
	}
	order := ""
	for i := range 2 { // a double click
		if order, err = v.pay(ctx, checkout); err != nil {
			return err
		}
		fmt.Fprintf(w, "Pressed:  Pay (%s)\n", times(i+1))
	}
	if err = v.watch(ctx, order+"/live", func(headline string) bool {
		fmt.Fprintf(w, "The page: %s\n", headline)
		if headline == inDoubtAsking {
			fmt.Fprintln(w, "          The reseller may deliver now.")
			s.hold(false)
		}
		return headline == "Your eSIM is ready"
	}); err != nil {
		return err
	}
	charges := s.resellers.sim.Server(o.Provider).Ledger().Charges()
	for _, c := range charges {
		fmt.Fprintf(w, "Charged:  %s for %s, under %s\n", c.Amount, c.Kind, c.Reference)
	}
	if len(charges) != 1 {
		return fmt.Errorf("charged %s", times(len(charges)))
	}
	fmt.Fprintln(w, "One customer, one payment, one charge, one eSIM.")
	return nil
}

// firstOffer waits until a reseller's catalogue is there.
func (s *shop) firstOffer(ctx context.Context, p esim.Provider, c esim.Country) (offer, error) {
	for {
		offers, _ := s.search(catalog.Query{Countries: []esim.Country{c}, Providers: []esim.Provider{p}, Limit: 1})
		if len(offers) > 0 {
			return offers[0], nil
		}
		select {
		case <-ctx.Done():
			return offer{}, ctx.Err()
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// visitor fetches pages of the shop.
type visitor struct {
	base   string
	client *http.Client
}

func (v *visitor) get(ctx context.Context, path string) (string, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, v.base+path, http.NoBody)
	if err != nil {
		return "", err
	}
	answer, err := v.client.Do(r)
	if err != nil {
		return "", err
	}
	defer answer.Body.Close() //nolint:errcheck // it was read
	page, err := io.ReadAll(answer.Body)
	if err == nil && answer.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", path, answer.Status)
	}
	return string(page), err
}

var hiddenField = regexp.MustCompile(`type="hidden" name="(\w+)" value="([^"]+)"`)

// pay sends the form of a checkout page, and returns where it leads.
func (v *visitor) pay(ctx context.Context, checkout string) (path string, err error) {
	form := url.Values{}
	for _, m := range hiddenField.FindAllStringSubmatch(checkout, -1) {
		form.Set(m[1], html.UnescapeString(m[2]))
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, v.base+"/buy", strings.NewReader(form.Encode()))
	if err != nil {
		return "", err
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	answer, err := v.client.Do(r)
	if err != nil {
		return "", err
	}
	defer answer.Body.Close() //nolint:errcheck // nothing is in it
	if answer.StatusCode != http.StatusSeeOther {
		return "", errors.New("not sold: " + answer.Status)
	}
	return answer.Header.Get("Location"), nil
}

var headlineOf = regexp.MustCompile(`<h1>([^<]*)</h1>`)

// watch reads the live events of an order page until done says so.
func (v *visitor) watch(ctx context.Context, path string, done func(headline string) bool) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, v.base+path, http.NoBody)
	if err != nil {
		return err
	}
	answer, err := v.client.Do(r)
	if err != nil {
		return err
	}
	defer answer.Body.Close() //nolint:errcheck // left in the middle
	lines := bufio.NewScanner(answer.Body)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		data, ok := strings.CutPrefix(lines.Text(), "data: ")
		if !ok {
			continue
		}
		var part partEvent
		if err := json.Unmarshal([]byte(data), &part); err != nil {
			return err
		}
		if m := headlineOf.FindStringSubmatch(part.HTML); m != nil && done(html.UnescapeString(m[1])) {
			return nil
		}
	}
	return errors.Join(errors.New("the page stopped changing"), lines.Err())
}
