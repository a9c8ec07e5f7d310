package webhook_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/esimfly"
	"github.com/esimkit/esim/esimstory"
	"github.com/esimkit/esim/esimtest/simulator"
	"github.com/esimkit/esim/journal"
	"github.com/esimkit/esim/webhook"
)

// permutations are all orders of 0 to n-1, n! of them (Heap's algorithm).
func permutations(n int) iter.Seq[[]int] {
	return func(yield func([]int) bool) {
		order := make([]int, n)
		for i := range order {
			order[i] = i
		}
		var swap func(k int) bool
		swap = func(k int) bool {
			if k <= 1 {
				return yield(order)
			}
			for i := range k {
				if !swap(k - 1) {
					return false
				}
				if j := i * (1 - k%2); i < k-1 {
					order[j], order[k-1] = order[k-1], order[j]
				}
			}
			return true
		}
		swap(n)
	}
}

func TestPermutations(t *testing.T) {
	seen := map[string]bool{}
	for p := range permutations(7) {
		seen[fmt.Sprint(p)] = true
	}
	require.Len(t, seen, 5040)
}

// buyer is a provider of which only the answer to an order is real.
type buyer struct {
	esim.UnimplementedClient
	provider esim.Provider
	answer   *esim.Order
}

func (c *buyer) Provider() esim.Provider { return c.provider }

func (c *buyer) Capabilities() esim.Capabilities {
	return esim.Capabilities{Order: true, OrderIdempotency: esim.IdempotencyRejects, Fulfilment: esim.FulfilmentWebhook}
}

func (c *buyer) Order(context.Context, esim.OrderRequest) (*esim.Order, error) { return c.answer, nil }

// eventsOf reads webhooks as the handler does.
func eventsOf(t testing.TB, list ...simulator.Webhook) []esim.Event {
	t.Helper()
	b := newBench(t)
	for _, w := range list {
		b.status(w.Request(t.Context(), "/hooks"))
	}
	return b.take()
}

func unit(n int) esim.Event {
	return esim.Event{
		Kind: esim.EventProvisioned, Reference: aReference, OrderID: anOrder, At: present,
		ICCID: esim.ICCID(fmt.Sprintf("894801001009244500%d", n)), ItemID: fmt.Sprintf("2025012912345612345678901%d", n),
		Order: &esim.Order{PackageID: anOption, ESIMs: []esim.ESIM{{
			Activation: esim.ActivationCode{SMDPAddress: "rsp1.cmlink.com", MatchingID: fmt.Sprintf("CODE%d", n)},
		}}},
	}
}

// scenario is an order of three, and seven webhooks about it: each unit, one
// of them twice, and three that do not change anything.
type scenario struct {
	name   string
	answer *esim.Order
	events []esim.Event
}

func scenarios(t testing.TB) []scenario {
	t.Helper()
	foreign, changed, half := unit(9), unit(1), unit(2)
	foreign.Reference, foreign.OrderID = "ORDER-OTHER", "order_other"
	changed.Order = &esim.Order{PackageID: "00000000-e5f6-7890-abcd-ef1234567890", ESIMs: changed.Order.ESIMs} // another package
	half.Order = &esim.Order{PackageID: anOption}                                                              // no code yet
	story := eventsOf(t, simulator.ESIMStoryWebhook(storySecret, unit(1)), simulator.ESIMStoryWebhook(storySecret, unit(2)),
		simulator.ESIMStoryWebhook(storySecret, unit(3)), simulator.ESIMStoryWebhook(storySecret, foreign),
		simulator.ESIMStoryWebhook(storySecret, changed), simulator.ESIMStoryWebhook(storySecret, half))
	pending := &esim.Order{
		Provider: esimstory.Provider, Reference: aReference, Status: esim.OrderPending, PackageID: anOption, Quantity: 3,
		ESIMs: []esim.ESIM{{ItemID: unit(1).ItemID}, {ItemID: unit(2).ItemID}, {ItemID: unit(3).ItemID}},
	}
	fly := eventsOf(t, simulator.ESIMFlyWebhook(flySecret, unit(1)), simulator.ESIMFlyWebhook(flySecret, unit(2)),
		simulator.ESIMFlyWebhook(flySecret, unit(3)), simulator.ESIMFlyWebhook(flySecret, foreign))
	open := &esim.Order{
		Provider: esimfly.Provider, ID: anOrder, Reference: aReference, Status: esim.OrderPending, PackageID: anOption, Quantity: 3,
	}
	require.Len(t, story, 6)
	require.Len(t, fly, 4)
	return []scenario{
		{"esimstory", pending, append(story, story[0])},
		{"esimfly", open, append(fly, fly[0], fly[1], fly[2])},
	}
}

// Whatever the order in which seven webhooks come, how many of them before the
// answer to the order, and however often: the journal ends in one state.
func TestJournalEndsInOneState(t *testing.T) {
	for _, s := range scenarios(t) {
		require.Len(t, s.events, 7)
		want, n := "", 0
		for order := range permutations(7) {
			if raceEnabled && n%17 != 0 {
				n++
				continue
			}
			got := journalled(t, s, order, n%8)
			if want == "" {
				want = got
				require.Contains(t, want, "delivered")
				require.Contains(t, want, "CODE1")
				require.Contains(t, want, "CODE3")
			}
			require.Equal(t, want, got, "%s: %v, %d before the answer", s.name, order, n%8)
			n++
		}
		require.Equal(t, 5040, n)
	}
}

// journalled buys, with so many of the events before the answer, and returns
// how the purchase ended.
func journalled(t *testing.T, s scenario, order []int, early int) string {
	t.Helper()
	client := &buyer{provider: s.answer.Provider, answer: s.answer}
	j, err := journal.New(journal.NewVolatile(), journal.Config{Clients: []esim.Client{client}})
	require.NoError(t, err)
	receive := j.Receiver(client.provider)
	hand := func(list []int) {
		for _, i := range list {
			if failed := receive(t.Context(), s.events[i].Order); !errors.Is(failed, journal.ErrContradiction) {
				require.NoError(t, failed)
			}
		}
	}
	hand(order[:early])
	_, err = j.Client(client.provider).Order(t.Context(), esim.OrderRequest{PackageID: anOption, Quantity: 3, Reference: aReference})
	if err != nil {
		require.False(t, esim.OutcomeOf(err) == esim.OutcomeNotSent, "%v", err)
	}
	hand(order[early:])
	p, err := j.Lookup(t.Context(), client.provider, aReference)
	require.NoError(t, err)
	if p.State != journal.Delivered { // what came early is placed when the purchase is looked at
		_, err = j.Reconcile(t.Context(), p.ID)
		require.NoError(t, err)
		p, err = j.Lookup(t.Context(), client.provider, aReference)
		require.NoError(t, err)
	}
	return fmt.Sprint(p.State, " ", p.Doubt, " ", summary(p.Order))
}

// summary is an order with its codes, whatever the order of its units.
func summary(o *esim.Order) string {
	units := slices.SortedFunc(slices.Values(o.ESIMs), func(a, b esim.ESIM) int {
		return cmp.Or(cmp.Compare(a.ItemID, b.ItemID), cmp.Compare(a.ICCID, b.ICCID))
	})
	text := fmt.Sprint(o.ID, " ", o.Reference, " ", o.PackageID, " ", o.Quantity)
	for _, u := range units {
		text += fmt.Sprintf(" [%s %s %s %s]", u.ItemID, u.ICCID, u.Activation.LPA(), u.Status)
	}
	return text
}

// The same with an order that the shop keeps itself.
func TestApplyEndsInOneState(t *testing.T) {
	s := scenarios(t)[0]
	want := ""
	for order := range permutations(7) {
		o := &esim.Order{Provider: esimstory.Provider, Reference: aReference, Status: esim.OrderPending, PackageID: anOption, Quantity: 3}
		for _, i := range order {
			d, err := esimstory.ParseDelivery([]byte(s.events[i].Raw.Reveal()))
			require.NoError(t, err)
			if _, err := esimstory.Apply(o, d); err != nil {
				require.ErrorIs(t, err, esimstory.ErrForeignDelivery)
			}
		}
		got := fmt.Sprint(o.Status, " ", summary(o))
		if want == "" {
			want = got
			require.Contains(t, want, "completed")
		}
		require.Equal(t, want, got, "%v", order)
	}
}

// Seven events in the life of an eSIM add up to one Progress.
func TestProgressEndsInOneState(t *testing.T) {
	at := func(e esim.Event, d time.Duration) esim.Event {
		e.ICCID, e.OrderID, e.At = anICCID, anOrder, present.Add(d)
		return e
	}
	lives := [][]esim.Event{
		{
			at(unit(1), 0), at(esim.Event{Kind: esim.EventInstalled}, time.Minute), at(esim.Event{Kind: esim.EventActivated}, 2*time.Minute),
			at(esim.Event{Kind: esim.EventUsage, Used: esim.GiB / 2, Total: esim.GiB, ThresholdPercent: 50}, 3*time.Minute),
			at(esim.Event{Kind: esim.EventUsage, Used: esim.GiB, Total: esim.GiB, ThresholdPercent: 100}, 4*time.Minute),
			at(esim.Event{Kind: esim.EventDepleted}, 5*time.Minute), at(esim.Event{Kind: esim.EventExpired}, 6*time.Minute),
		},
		{ // told late: the installation has the later time
			at(unit(1), 30*time.Minute), at(esim.Event{Kind: esim.EventInstalled}, 20*time.Minute), at(esim.Event{Kind: esim.EventActivated}, 10*time.Minute),
			at(esim.Event{Kind: esim.EventDepleted}, 11*time.Minute), at(esim.Event{Kind: esim.EventStatusChanged, ProviderStatus: "ACTIVE"}, 12*time.Minute),
			at(esim.Event{Kind: esim.EventStatusChanged, ProviderStatus: "SOMETHING"}, 40*time.Minute), at(esim.Event{Kind: esim.EventUnknown, Name: "esim.new"}, time.Hour-time.Minute),
		},
		{ // all at once
			at(unit(1), 0), at(esim.Event{Kind: esim.EventInstalled}, 0), at(esim.Event{Kind: esim.EventActivated}, 0),
			at(esim.Event{Kind: esim.EventUsage, Used: 1 << 29, Total: esim.GiB, ThresholdPercent: 50}, 0),
			at(esim.Event{Kind: esim.EventUsage, Used: 1 << 28, Total: esim.GiB, ThresholdPercent: 25}, 0),
			at(esim.Event{Kind: esim.EventExpired}, 0), at(esim.Event{Kind: esim.EventDepleted}, 0),
		},
	}
	ends := []esim.ESIMStatus{esim.ESIMExpired, esim.ESIMActive, esim.ESIMExpired}
	source := esimfly.Webhooks(flySecret)
	for i, life := range lives {
		var events []esim.Event
		for _, e := range life {
			w := simulator.ESIMFlyWebhook(flySecret, e)
			require.NoError(t, source.Verify(w.Header, "", w.Body, present))
			parsed, err := source.Parse(w.Header, w.Body)
			require.NoError(t, err)
			events = append(events, parsed...)
		}
		require.Len(t, events, 7)
		var want *esim.Progress
		for order := range permutations(7) {
			var p esim.Progress
			for _, k := range order {
				p.Apply(events[k])
				require.False(t, p.Apply(events[k]), "the same again is nothing new")
			}
			if want == nil {
				want = &p
				require.Equal(t, ends[i], p.Status)
			}
			require.Equal(t, *want, p, "%v", order)
		}
	}
}

// Somebody who knows the secret path of eSIM Story, and no more, changes
// nothing about an order that is on record.
func TestForgedDeliveriesChangeNothing(t *testing.T) {
	s := scenarios(t)[0]
	client := &buyer{provider: esimstory.Provider, answer: s.answer}
	j, err := journal.New(journal.NewVolatile(), journal.Config{Clients: []esim.Client{client}})
	require.NoError(t, err)
	receive := j.Receiver(esimstory.Provider)
	refused := 0
	h := webhook.NewHandler(webhook.NewMemoryInbox(), func(ctx context.Context, e esim.Event) error {
		if e.Order == nil {
			return nil
		}
		failed := receive(ctx, e.Order)
		if errors.Is(failed, journal.ErrContradiction) {
			refused++
			return nil
		}
		return failed
	}, esimstory.Webhooks(esimstory.WebhookConfig{PathSecret: storySecret}))
	_, err = j.Client(esimstory.Provider).Order(t.Context(), esim.OrderRequest{PackageID: anOption, Quantity: 3, Reference: aReference})
	require.NoError(t, err)
	send := func(e esim.Event) {
		require.Equal(t, 200, answerOf(h, simulator.ESIMStoryWebhook(storySecret, e).Request(t.Context(), "")).Code)
	}
	for n := range 3 {
		send(unit(n + 1))
	}
	before, err := j.Lookup(t.Context(), esimstory.Provider, aReference)
	require.NoError(t, err)
	require.Equal(t, journal.Delivered, before.State)
	forged := 0
	for n := 1; n <= 3; n++ {
		for _, change := range []func(*esim.Event){
			func(e *esim.Event) { e.ICCID = "8948010010092445999" },
			func(e *esim.Event) { e.Order.ESIMs[0].Activation.MatchingID = "STOLEN" },
			func(e *esim.Event) { e.Order.ESIMs[0].Activation.SMDPAddress = "evil.example" },
			func(e *esim.Event) { e.Order.PackageID = "b2c3d4e5-f6a7-8901-bcde-f12345678901" },
			func(e *esim.Event) { e.ICCID = unit(n%3 + 1).ICCID },
			func(e *esim.Event) { e.ItemID = unit(n%3 + 1).ItemID },
			func(e *esim.Event) { e.ItemID = "99999999999999999999999999" },
			func(e *esim.Event) { e.ItemID, e.ICCID = "99999999999999999999999998", "8948010010092445998" },
			func(e *esim.Event) { e.Reference, e.ItemID = "", "99999999999999999999999997" },
			func(e *esim.Event) { e.Reference, e.ICCID = "", "8948010010092445997" },
		} {
			e := unit(n)
			change(&e)
			send(e)
			forged++
			after, err := j.Lookup(t.Context(), esimstory.Provider, aReference)
			require.NoError(t, err)
			require.Equal(t, summary(before.Order), summary(after.Order))
			require.Equal(t, before.State, after.State)
		}
	}
	require.Equal(t, 30, forged)
	require.GreaterOrEqual(t, refused, 24)
}
