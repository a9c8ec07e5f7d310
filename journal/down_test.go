package journal_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/esimtest"
	"github.com/esimkit/esim/journal"
)

var errDown = errors.New("no route to the database")

// falling is a store that is down from one of its calls on, or during that call
// alone. A write that fails may have been carried out.
type falling struct {
	journal.Store
	at      int // the call, from 1; 0 = it is well
	blip    bool
	written bool
	calls   int
}

func (f *falling) call(write bool, do func() error) error {
	f.calls++
	fails := f.at > 0 && (f.calls == f.at || !f.blip && f.calls > f.at)
	if !fails {
		return do()
	}
	if write && f.written && f.calls == f.at {
		_ = do() // nobody hears of it
	}
	return errDown
}

func (f *falling) Create(ctx context.Context, e journal.Entry, b *journal.Budget) (kept journal.Entry, created bool, err error) {
	err = f.call(true, func() (err error) {
		kept, created, err = f.Store.Create(ctx, e, b)
		return err
	})
	if err != nil {
		return journal.Entry{}, false, err
	}
	return kept, created, nil
}

func (f *falling) Save(ctx context.Context, e journal.Entry) (saved journal.Entry, err error) {
	err = f.call(true, func() (err error) {
		saved, err = f.Store.Save(ctx, e)
		return err
	})
	if err != nil {
		return journal.Entry{}, err
	}
	return saved, nil
}

func (f *falling) Get(ctx context.Context, id journal.ID) (e journal.Entry, err error) {
	err = f.call(false, func() (err error) {
		e, err = f.Store.Get(ctx, id)
		return err
	})
	return e, err
}

func (f *falling) Now(ctx context.Context) (now time.Time, err error) {
	err = f.call(false, func() (err error) {
		now, err = f.Store.Now(ctx)
		return err
	})
	return now, err
}

func (f *falling) Doubtful(ctx context.Context, account string, since time.Time) (n int, err error) {
	err = f.call(false, func() (err error) {
		n, err = f.Store.Doubtful(ctx, account, since)
		return err
	})
	return n, err
}

// TestStoreDownAtEveryCall lets the store fall at each of its calls during a
// purchase. Whatever the caller is told stays true: "not charged" is followed by
// no charge, and "perhaps charged" by a hook, unless it says that it is not on
// record; then the same again tells.
func TestStoreDownAtEveryCall(t *testing.T) {
	plain := func(*shop) {}
	var iccid esim.ICCID
	topUp := func(s *shop) error {
		ctx, cancel := context.WithTimeout(s.Context(), 5*time.Minute)
		defer cancel()
		_, err := s.client.TopUp(ctx, esim.TopUpRequest{ICCID: iccid, PackageID: large.ID, Reference: "cart-1"})
		return err
	}
	installed := func(s *shop) {
		order, err := s.buy("esim-1")
		require.NoError(s, err)
		iccid = order.ESIMs[0].ICCID
	}
	before := map[string]func(s *shop){
		"new":      plain,
		"enqueued": func(s *shop) { s.enqueue("cart-1") },
		"refused": func(s *shop) {
			s.memory.Refuse("Order", esim.ErrPackageUnavailable)
			_, err := s.buy("cart-1")
			s.wantRefused(err)
		},
		"in doubt": func(s *shop) {
			s.lose(esimtest.FaultCutAfterCommit)
			_, err := s.buy("cart-1")
			require.True(s, esim.MaybeCharged(err))
			time.Sleep(3 * time.Second)
		},
		"ended by the hook": func(s *shop) {
			s.memory.Refuse("Order", esim.ErrPackageUnavailable)
			s.enqueue("cart-1")
			s.work()
			require.Equal(s, []string{"failed cart-1"}, s.heard())
		},
		"of another purchase": func(s *shop) {
			_, err := s.client.Order(s.Context(), esim.OrderRequest{PackageID: large.ID, Reference: "cart-1"})
			require.NoError(s, err)
		},
	}
	before["a top-up"] = installed
	before["a top-up that was refused"] = func(s *shop) {
		installed(s)
		s.memory.Refuse("TopUp", esim.ErrPackageUnavailable)
		s.wantRefused(topUp(s))
	}
	request := esim.OrderRequest{PackageID: small.ID, Reference: "cart-1", Quote: &small}
	calls := map[string]func(s *shop) error{
		"Order": func(s *shop) error {
			ctx, cancel := context.WithTimeout(s.Context(), 5*time.Minute)
			defer cancel()
			_, err := s.client.Order(ctx, request)
			return err
		},
		"EnqueueOrder": func(s *shop) error {
			_, err := s.EnqueueOrder(s.Context(), nil, "memory", request)
			return err
		},
	}
	worlds := map[string]func(s *shop, op string){
		"sold":    func(*shop, string) {},
		"refused": func(s *shop, op string) { s.memory.Refuse(op, esim.ErrPackageUnavailable) },
		"lost":    func(s *shop, op string) { s.memory.Inject(esimtest.Fault{Kind: esimtest.FaultCutAfterCommit, Op: op}) },
	}
	for known, prepare := range before {
		for op, call := range calls {
			sends := "Order"
			if strings.HasPrefix(known, "a top-up") {
				if op != "Order" {
					continue
				}
				call, sends = topUp, "TopUp"
			}
			for world, arrange := range worlds {
				for mode := range 4 {
					t.Run(fmt.Sprintf("%s/%s/%s/blip=%t/written=%t", known, op, world, mode&1 > 0, mode&2 > 0), func(t *testing.T) {
						for at, more := 1, true; more; at++ {
							synctest.Test(t, func(t *testing.T) {
								f := &falling{blip: mode&1 > 0, written: mode&2 > 0}
								s := openShop(t, keptIn(func(st journal.Store) journal.Store { f.Store = st; return f }))
								prepare(s)
								had := s.charges("cart-1")
								s.heard()
								if had == 0 { // else the fault is for nobody
									arrange(s, sends)
								}
								f.calls, f.at = 0, at
								err := call(s)
								more = f.calls >= at
								f.at = 0
								s.start()
								s.pass(3 * time.Hour)
								told := s.heard()
								after := fmt.Sprintf("at call %d: %v, told %v", at, err, told)
								require.LessOrEqual(t, s.charges("cart-1"), 1, after)
								switch {
								case err == nil && op == "Order":
									assert.Equal(t, 1, s.charges("cart-1"), after)
								case err == nil:
									assert.NotEmpty(t, told, after)
								case !esim.MaybeCharged(err):
									assert.Equal(t, had, s.charges("cart-1"), after)
								case errors.Is(err, esim.ErrReferenceConflict), esim.OutcomeOf(err) == esim.OutcomeAccepted:
								case errors.Is(err, journal.ErrNotOnRecord):
									s.memory.Heal()
									if sends == "TopUp" {
										err = topUp(s)
									} else {
										_, err = s.buy("cart-1")
									}
									assert.NotErrorIs(t, err, journal.ErrNotOnRecord, after)
								case known != "in doubt":
									assert.NotEmpty(t, told, after)
								}
							})
							require.Less(t, at, 200)
						}
					})
				}
			}
		}
	}
}
