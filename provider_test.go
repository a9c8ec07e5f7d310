package esim_test

import (
	"context"
	"errors"
	"reflect"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/esimkit/esim"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// fakeClient is a client as a user would write one for tests.
type fakeClient struct {
	esim.UnimplementedClient

	caps  esim.Capabilities
	list  func(q esim.PackageQuery) (*esim.PackagePage, error)
	order func(n int, ref esim.OrderRef) (*esim.Order, error)

	lists, orders atomic.Int64
}

func (c *fakeClient) Provider() esim.Provider         { return "fake" }
func (c *fakeClient) Capabilities() esim.Capabilities { return c.caps }

func (c *fakeClient) ListPackages(_ context.Context, q esim.PackageQuery) (*esim.PackagePage, error) {
	c.lists.Add(1)
	return c.list(q)
}

func (c *fakeClient) GetOrder(_ context.Context, ref esim.OrderRef) (*esim.Order, error) {
	return c.order(int(c.orders.Add(1)), ref)
}

// wrapper embeds what it wraps, as wrappers do.
type wrapper struct{ esim.Client }

func (w wrapper) Unwrap() esim.Client { return w.Client }

// sealed wraps and does not say so.
type sealed struct{ esim.Client }

// shout is an extra of one provider.
func (c *fakeClient) shout() string { return "fake" }

type shouter interface{ shout() string }

// loud is a wrapper with an extra of its own, which comes first.
type loud struct{ wrapper }

func (loud) shout() string { return "loud" }

func TestUnimplementedClient(t *testing.T) {
	var c esim.Client = esim.UnimplementedClient{Name: "acme", Reasons: map[string]string{"Cancel": "ask support"}}
	assert.Equal(t, esim.Provider("acme"), c.Provider())
	assert.Zero(t, c.Capabilities())
	assert.Zero(t, c.Account())

	v := reflect.ValueOf(c)
	calls := 0
	for i := range v.NumMethod() {
		method := v.Type().Method(i)
		if method.Type.NumOut() != 2 {
			continue
		}
		args := []reflect.Value{reflect.ValueOf(t.Context())}
		for k := 2; k < method.Type.NumIn(); k++ {
			args = append(args, reflect.Zero(method.Type.In(k)))
		}
		results := v.Method(i).Call(args)
		assert.True(t, results[0].IsZero(), method.Name)
		err, ok := reflect.TypeAssert[error](results[1])
		require.True(t, ok, method.Name)
		require.ErrorIs(t, err, errors.ErrUnsupported)
		assert.False(t, esim.MaybeCharged(err))
		e, ok := errors.AsType[*esim.Error](err)
		require.True(t, ok)
		assert.Equal(t, esim.OutcomeNotSent, e.Outcome)
		assert.Equal(t, method.Name, e.Op)
		assert.Equal(t, esim.Provider("acme"), e.Provider)
		assert.Equal(t, map[string]string{"Cancel": "ask support"}[method.Name], e.Message)
		calls++
	}
	assert.Equal(t, reflect.TypeFor[esim.Client]().NumMethod()-4, calls, "all but Provider, Account, Capabilities and the seal")
}

func TestAs(t *testing.T) {
	inner := new(fakeClient)
	for name, c := range map[string]esim.Client{
		"itself": inner, "wrapped": wrapper{inner}, "wrapped deeply": wrapper{wrapper{wrapper{inner}}},
		"by pointer": &wrapper{inner}, "below a loud one": loud{wrapper{inner}},
	} {
		got, ok := esim.As[*fakeClient](c)
		require.True(t, ok, name)
		assert.Same(t, inner, got, name)
	}
	for name, c := range map[string]esim.Client{
		"nil": nil, "another": esim.UnimplementedClient{}, "sealed": sealed{inner}, "wraps nothing": wrapper{},
	} {
		got, ok := esim.As[*fakeClient](c)
		assert.False(t, ok, name)
		assert.Nil(t, got, name)
	}
	extra, ok := esim.As[shouter](wrapper{inner})
	require.True(t, ok)
	assert.Equal(t, "fake", extra.shout())
	extra, ok = esim.As[shouter](wrapper{loud{wrapper{inner}}})
	require.True(t, ok)
	assert.Equal(t, "loud", extra.shout(), "the outermost counts")
	_, ok = esim.As[interface{ whisper() }](wrapper{inner})
	assert.False(t, ok)
}

// TestWrapperForwards: what a wrapper does not know is forwarded, extras and
// capabilities included.
func TestWrapperForwards(t *testing.T) {
	c := wrapper{&fakeClient{caps: esim.Capabilities{Order: true}}}
	assert.True(t, c.Capabilities().Order)
	assert.Equal(t, esim.Provider("fake"), c.Provider())
}
