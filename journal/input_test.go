package journal_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/esimtest/memory"
	"github.com/esimkit/esim/evidence"
	"github.com/esimkit/esim/journal"
)

// everything is what the store holds, to be compared.
func everything(s *shop) []journal.Entry {
	s.Helper()
	all, err := s.store.List(context.WithoutCancel(s.Context()), journal.Query{Limit: 1000})
	require.NoError(s, err)
	return all
}

// TestBadInput: each is a named error, with nothing sent and nothing lost.
func TestBadInput(t *testing.T) {
	good := esim.OrderRequest{PackageID: small.ID, Reference: "cart-2", Quote: &small}
	order := func(change func(*esim.OrderRequest)) func(*shop) error {
		return func(s *shop) error {
			r := good
			change(&r)
			_, err := s.client.Order(s.Context(), r)
			return err
		}
	}
	topUp := func(change func(*esim.TopUpRequest)) func(*shop) error {
		return func(s *shop) error {
			r := esim.TopUpRequest{ICCID: "89990000000000000017", PackageID: small.ID, Reference: "cart-2"}
			change(&r)
			_, err := s.client.TopUp(s.Context(), r)
			return err
		}
	}
	for _, tc := range []struct {
		name string
		opts []shopOption
		call func(*shop) error
		want []error
	}{
		{
			"the same reference for another package", nil, order(func(r *esim.OrderRequest) { r.Reference, r.PackageID, r.Quote = "cart-1", large.ID, nil }),
			[]error{esim.ErrReferenceConflict},
		},
		{
			"the same reference for another quantity", nil, order(func(r *esim.OrderRequest) { r.Reference, r.Quantity = "cart-1", 2 }),
			[]error{esim.ErrReferenceConflict},
		},
		{"the same reference for a top-up", nil, topUp(func(r *esim.TopUpRequest) { r.Reference = "cart-1" }), []error{esim.ErrReferenceConflict}},
		{"no reference", nil, order(func(r *esim.OrderRequest) { r.Reference = "" }), []error{journal.ErrReferenceMissing, esim.ErrInvalidRequest}},
		{"no reference for a top-up", nil, topUp(func(r *esim.TopUpRequest) { r.Reference = "" }), []error{journal.ErrReferenceMissing}},
		{"no reference, enqueued", nil, func(s *shop) error {
			_, err := s.EnqueueOrder(s.Context(), nil, "memory", esim.OrderRequest{PackageID: small.ID})
			return err
		}, []error{journal.ErrReferenceMissing}},
		{"a conflict, enqueued", nil, func(s *shop) error {
			_, err := s.EnqueueOrder(s.Context(), nil, "memory", esim.OrderRequest{PackageID: large.ID, Reference: "cart-1"})
			return err
		}, []error{esim.ErrReferenceConflict}},
		{"another provider, enqueued", nil, func(s *shop) error {
			_, err := s.EnqueueOrder(s.Context(), nil, "nobody", good)
			return err
		}, []error{esim.ErrUnsupported}},
		{"a reference with a space", nil, order(func(r *esim.OrderRequest) { r.Reference = "cart 2" }), []error{esim.ErrInvalidRequest}},
		{"a reference with a slash", nil, order(func(r *esim.OrderRequest) { r.Reference = "../cart" }), []error{esim.ErrInvalidRequest}},
		{"a reference of 65 bytes", nil, order(func(r *esim.OrderRequest) { r.Reference = strings.Repeat("x", 65) }), []error{esim.ErrInvalidRequest}},
		{"no package", nil, order(func(r *esim.OrderRequest) { r.PackageID, r.Quote = "", nil }), []error{esim.ErrInvalidRequest}},
		{"a package id that is not UTF-8", nil, order(func(r *esim.OrderRequest) { r.PackageID, r.Quote = "a\xffb", nil }), []error{esim.ErrInvalidRequest}},
		{"half a rune at the end", nil, order(func(r *esim.OrderRequest) { r.PackageID, r.Quote, r.CallbackURL = "a\xc3", nil, "\xa4" }), []error{esim.ErrInvalidRequest}},
		{"a quote that is not UTF-8", nil, order(func(r *esim.OrderRequest) {
			quote := small
			quote.Name = "\xff"
			r.Quote = &quote
		}), []error{esim.ErrInvalidRequest}},
		{"an ICCID that is not UTF-8", nil, topUp(func(r *esim.TopUpRequest) { r.ICCID = "8999\xff" }), []error{esim.ErrInvalidRequest}},
		{"a package id that is not UTF-8, enqueued", nil, func(s *shop) error {
			_, err := s.EnqueueOrder(s.Context(), nil, "memory", esim.OrderRequest{PackageID: "a\xffb", Reference: "cart-2"})
			return err
		}, []error{esim.ErrInvalidRequest}},
		{"a negative quantity", nil, order(func(r *esim.OrderRequest) { r.Quantity = -1 }), []error{esim.ErrInvalidRequest}},
		{"a request id", nil, func(s *shop) error {
			_, err := s.client.Order(evidence.WithSend(s.Context(), evidence.Send{RequestID: "b7d5d0c3-66ab-4a8e-9a05-0b1c0c5a3f11"}), good)
			return err
		}, []error{esim.ErrInvalidRequest}},
		{"no context, resumed", nil, func(s *shop) error {
			_, err := s.Resume(nil, "memory", good) //nolint:staticcheck // what a caller may do by mistake
			return err
		}, []error{esim.ErrInvalidRequest}},
		{"a top-up of nothing", nil, topUp(func(r *esim.TopUpRequest) { r.ICCID = "" }), []error{esim.ErrInvalidRequest}},
		{"no context", nil, func(s *shop) error {
			_, err := s.client.Order(nil, good) //nolint:staticcheck // what a caller may do by mistake
			return err
		}, []error{esim.ErrInvalidRequest}},
		{"a context that has ended", nil, func(s *shop) error {
			ctx, cancel := context.WithCancel(s.Context())
			cancel()
			_, err := s.client.Order(ctx, good)
			return err
		}, []error{context.Canceled}},
		{
			"what the provider cannot do",
			[]shopOption{selling(memory.WithCapabilities(func(c *esim.Capabilities) { c.TopUp = false }))},
			topUp(func(*esim.TopUpRequest) {}),
			[]error{esim.ErrUnsupported},
		},
		{"a provider that is not configured", nil, func(s *shop) error {
			_, err := s.Journal.Client("nobody").Order(s.Context(), good)
			return err
		}, []error{esim.ErrUnsupported}},
		{"a closed journal", nil, func(s *shop) error {
			require.NoError(s, s.Close(s.Context()))
			_, err := s.client.Order(s.Context(), good)
			return err
		}, []error{journal.ErrClosed}},
		{"a closed journal, enqueued", nil, func(s *shop) error {
			require.NoError(s, s.Close(s.Context()))
			_, err := s.EnqueueOrder(s.Context(), nil, "memory", good)
			return err
		}, []error{journal.ErrClosed}},
		{"a read-only store", []shopOption{keptIn(sick)}, failing(journal.ErrReadOnly, good), []error{journal.ErrReadOnly}},
		{"a full disk", []shopOption{keptIn(sick)}, failing(journal.ErrDiskFull, good), []error{journal.ErrDiskFull}},
		{"a poisoned store", []shopOption{keptIn(sick)}, failing(journal.ErrPoisoned, good), []error{journal.ErrPoisoned}},
		{"a closed store", []shopOption{keptIn(sick)}, failing(journal.ErrClosed, good), []error{journal.ErrClosed}},
		{"a wrong schema version", []shopOption{keptIn(sick)}, failing(journal.ErrSchema, good), []error{journal.ErrSchema}},
		{"a clock gone back", []shopOption{keptIn(sick)}, func(s *shop) error {
			s.store.(*sickStore).clock = journal.ErrClockSuspect //nolint:forcetypeassert // made by keptIn
			_, err := s.client.Order(s.Context(), good)
			return err
		}, []error{journal.ErrClockSuspect}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := openShop(t, tc.opts...)
			_, err := s.buy("cart-1") // what was bought before must stay
			require.NoError(t, err)
			sent, kept := s.memory.Requests(""), everything(s)

			err = tc.call(s)
			for _, want := range tc.want {
				assert.ErrorIs(t, err, want)
			}
			assert.Equal(t, sent, s.memory.Requests(""), "nothing is sent")
			if sick, ok := s.store.(*sickStore); ok {
				sick.heal()
			}
			if errors.Is(err, esim.ErrReferenceConflict) {
				assert.Equal(t, esim.OutcomeAccepted, esim.OutcomeOf(err), "that of the sale which holds the reference")
			} else if esim.MaybeCharged(err) { // allowed only where nobody can know
				assert.Contains(t, []string{"a wrong schema version"}, tc.name, "%v", err)
			}
			assert.Len(t, s.memory.Ledger().Charges(), 1)
			assert.Equal(t, kept, everything(s), "nothing is lost, nothing is left behind")
			again, err := s.replica().buy("cart-1")
			require.NoError(t, err)
			assert.True(t, again.Replayed)
		})
	}
}

// A reference that is known is answered though nothing new can be begun.
func TestKnownReferenceIsAnsweredInTrouble(t *testing.T) {
	for _, trouble := range []error{journal.ErrReadOnly, journal.ErrDiskFull, journal.ErrPoisoned} {
		t.Run(trouble.Error(), func(t *testing.T) {
			s := openShop(t, keptIn(sick))
			first, err := s.buy("cart-1")
			require.NoError(t, err)
			s.store.(*sickStore).writes = trouble //nolint:forcetypeassert // made by keptIn
			again, err := s.buy("cart-1")
			require.NoError(t, err)
			assert.Equal(t, first.ID, again.ID)
		})
	}
	t.Run("closed", func(t *testing.T) {
		s := openShop(t)
		first, err := s.buy("cart-1")
		require.NoError(t, err)
		require.NoError(t, s.Close(t.Context()))
		again, err := s.buy("cart-1")
		require.NoError(t, err)
		assert.Equal(t, first.ID, again.ID)
	})
}

// While what a reference stands for cannot be read, nobody can say that
// nothing was charged.
func TestUnreadableStoreLeavesItOpen(t *testing.T) {
	s := openShop(t, keptIn(sick))
	_, err := s.buy("cart-1")
	require.NoError(t, err)
	broken := errors.New("the network to the database is gone")
	store := s.store.(*sickStore) //nolint:forcetypeassert // made by keptIn
	store.writes, store.reads = broken, broken
	for _, ref := range []string{"cart-1", "cart-2"} {
		sent := s.memory.Requests("")
		_, err = s.buy(ref)
		require.ErrorIs(t, err, broken)
		assert.True(t, esim.MaybeCharged(err), "%v", err)
		assert.Equal(t, sent, s.memory.Requests(""))
	}
}

// The commit of an intent whose end was not told is found out before anything
// is sent.
func TestCommitOfUnknownEnd(t *testing.T) {
	for _, happened := range []bool{true, false} {
		t.Run(map[bool]string{true: "it took place", false: "it did not"}[happened], func(t *testing.T) {
			s := openShop(t, keptIn(sick))
			lost := errors.New("the answer of the database was lost")
			store := s.store.(*sickStore) //nolint:forcetypeassert // made by keptIn
			store.after = func(op string) error {
				if op != "Create" {
					return nil
				}
				store.after = nil
				return lost
			}
			if !happened {
				store.writes, store.once = lost, true
			}
			order, err := s.buy("cart-1")
			if happened {
				require.NoError(t, err)
				assert.Len(t, order.ESIMs, 1)
				assert.Equal(t, 1, s.charges("cart-1"))
				return
			}
			require.ErrorIs(t, err, lost)
			assert.True(t, esim.MaybeCharged(err), "it may yet take place")
			assert.Zero(t, s.memory.Requests("Order"))
		})
	}
}

// The answer is there and cannot be written down: the caller gets it, and the
// journal finds it again.
func TestAnswerThatCannotBeRecorded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := openShop(t, keptIn(sick))
		store := s.store.(*sickStore) //nolint:forcetypeassert // made by keptIn
		s.lender.order = func(ctx context.Context, r esim.OrderRequest) (*esim.Order, error) {
			store.writes = journal.ErrPoisoned
			return s.memory.Order(ctx, r)
		}
		_, err := s.buy("cart-1")
		require.ErrorIs(t, err, journal.ErrNotRecorded)
		require.ErrorIs(t, err, journal.ErrPoisoned)
		failed, ok := errors.AsType[*esim.Error](err)
		require.True(t, ok)
		assert.Equal(t, esim.OutcomeAccepted, failed.Outcome)
		require.NotNil(t, failed.Order)
		assert.Len(t, failed.Order.ESIMs, 1, "what was paid for is in hand")

		s.lender.order = nil
		store.heal() // as after a restart
		s.start()
		s.pass(time.Hour)
		assert.Len(t, s.wantState("cart-1", journal.Delivered).Order.ESIMs, 1)
		assert.Equal(t, 1, s.charges("cart-1"))
	})
}

// A passing failure of the store is waited out, since the answer is in hand.
func TestRecordingIsRepeated(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := openShop(t, keptIn(sick))
		store := s.store.(*sickStore) //nolint:forcetypeassert // made by keptIn
		failures := 5
		s.lender.order = func(ctx context.Context, r esim.OrderRequest) (*esim.Order, error) {
			store.before = func(op string) error {
				if op == "Save" && failures > 0 {
					failures--
					return errors.New("deadlock detected")
				}
				return nil
			}
			return s.memory.Order(ctx, r)
		}
		order, err := s.buy("cart-1")
		require.NoError(t, err)
		assert.Len(t, order.ESIMs, 1)
		assert.Zero(t, failures)
		s.wantState("cart-1", journal.Delivered)
	})
}

func TestNew(t *testing.T) {
	memory := memory.New()
	live := &lender{Client: memory, account: esim.Account{Fingerprint: "a1", Live: true}}
	negative, err := usd("5").MulInt(-1)
	require.NoError(t, err)
	for _, tc := range []struct {
		name   string
		store  journal.Store
		config journal.Config
		want   error
	}{
		{"no store", nil, journal.Config{}, esim.ErrInvalidRequest},
		{"a nil client", journal.NewVolatile(), journal.Config{Clients: []esim.Client{nil}}, esim.ErrInvalidRequest},
		{"a client without a provider", journal.NewVolatile(), journal.Config{Clients: []esim.Client{esim.UnimplementedClient{}}}, esim.ErrInvalidRequest},
		{"two clients of one provider", journal.NewVolatile(), journal.Config{Clients: []esim.Client{memory, memory}}, esim.ErrInvalidRequest},
		{"a negative lease", journal.NewVolatile(), journal.Config{Lease: -1}, esim.ErrInvalidRequest},
		{"a negative tick", journal.NewVolatile(), journal.Config{Tick: -time.Second}, esim.ErrInvalidRequest},
		{"negative workers", journal.NewVolatile(), journal.Config{Workers: -1}, esim.ErrInvalidRequest},
		{"a negative cap", journal.NewVolatile(), journal.Config{DailyCap: map[esim.Provider]esim.Money{"memory": negative}}, esim.ErrInvalidRequest},
		{"a cap without currency", journal.NewVolatile(), journal.Config{DailyCap: map[esim.Provider]esim.Money{"memory": {}}}, esim.ErrInvalidRequest},
		{"a live account and a store that forgets", journal.NewVolatile(), journal.Config{Clients: []esim.Client{live}}, journal.ErrVolatile},
		{"a live account behind a wrapper", journal.NewVolatile(), journal.Config{Clients: []esim.Client{wrapped{live}}}, journal.ErrVolatile},
		{"a live account, knowing better", journal.NewVolatile(), journal.Config{Clients: []esim.Client{live}, AllowVolatile: true}, nil},
		{"a live account and a store that says nothing", sick(journal.NewVolatile()), journal.Config{Clients: []esim.Client{live}}, nil},
		{"no clients", journal.NewVolatile(), journal.Config{}, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			j, err := journal.New(tc.store, tc.config)
			if tc.want == nil {
				require.NoError(t, err)
				return
			}
			require.ErrorIs(t, err, tc.want)
			assert.Nil(t, j)
		})
	}
	assert.Zero(t, memory.Requests(""), "New sends nothing")
}

// wrapped is a decorator as users write them.
type wrapped struct{ esim.Client }

func (w wrapped) Unwrap() esim.Client { return w.Client }

// failing orders while the store cannot be written to.
func failing(trouble error, r esim.OrderRequest) func(*shop) error {
	return func(s *shop) error {
		s.store.(*sickStore).writes = trouble //nolint:forcetypeassert // made by keptIn
		_, err := s.client.Order(s.Context(), r)
		return err
	}
}

// sickStore fails on request. It does not say that it is volatile.
type sickStore struct {
	journal.Store
	writes, reads, clock error
	once                 bool                  // writes fails one call only
	before, after        func(op string) error // of a write
}

func sick(s journal.Store) journal.Store { return &sickStore{Store: s} }

func (s *sickStore) heal() { s.writes, s.reads, s.clock, s.before, s.after = nil, nil, nil, nil, nil }

func (s *sickStore) write(op string, do func() error) error {
	if err := s.writes; err != nil {
		if s.once {
			s.writes = nil
		}
		return err
	}
	if s.before != nil {
		if err := s.before(op); err != nil {
			return err
		}
	}
	err := do()
	if err == nil && s.after != nil {
		err = s.after(op)
	}
	return err
}

func (s *sickStore) Create(ctx context.Context, e journal.Entry, b *journal.Budget) (kept journal.Entry, created bool, err error) {
	err = s.write("Create", func() (err error) {
		kept, created, err = s.Store.Create(ctx, e, b)
		return err
	})
	return kept, created, err
}

func (s *sickStore) Save(ctx context.Context, e journal.Entry) (saved journal.Entry, err error) {
	err = s.write("Save", func() (err error) {
		saved, err = s.Store.Save(ctx, e)
		return err
	})
	return saved, err
}

func (s *sickStore) Get(ctx context.Context, id journal.ID) (journal.Entry, error) {
	if s.reads != nil {
		return journal.Entry{}, s.reads
	}
	return s.Store.Get(ctx, id)
}

func (s *sickStore) Now(ctx context.Context) (time.Time, error) {
	now, err := s.Store.Now(ctx)
	return now, errors.Join(err, s.clock)
}

func TestStates(t *testing.T) {
	for _, want := range journal.States() {
		text, err := want.MarshalText()
		require.NoError(t, err)
		var got journal.State
		require.NoError(t, got.UnmarshalText(text))
		assert.Equal(t, want, got)
	}
	_, err := journal.ParseState("lost")
	assert.Error(t, err)
	assert.Equal(t, "invalid state", journal.State(99).String())
	open := slices.DeleteFunc(journal.States(), func(s journal.State) bool { return !s.Open() })
	assert.Equal(t, []journal.State{journal.Ready, journal.Sending, journal.Unknown, journal.Provisioning}, open)
}
