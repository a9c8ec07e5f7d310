package catalog

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim"
)

func TestRatiosAreRoundedOnce(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	numbers := func() uint64 {
		return one(r, 0, 1, 2, 5, r.Uint64N(1000), r.Uint64()>>r.IntN(64), math.MaxUint64, 1<<63)
	}
	fitted, not := 0, 0
	for range 200_000 {
		x := ratio{numbers(), numbers(), max(numbers(), 1), r.IntN(79) - 39}
		f := new(big.Rat).SetFrac(
			new(big.Int).Mul(new(big.Int).SetUint64(x.a), new(big.Int).SetUint64(x.b)), new(big.Int).SetUint64(x.c))
		ten := new(big.Rat).SetInt(new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(max(x.scale, -x.scale))), nil))
		if x.scale < 0 {
			f.Mul(f, ten)
		} else {
			f.Quo(f, ten)
		}
		want := rounded(f, 0).Num()
		got, ok := x.round()
		require.Equal(t, want.IsInt64(), ok, "%+v", x)
		if ok {
			require.Equal(t, want.Int64(), got, "%+v", x)
			fitted++
		} else {
			not++
		}
	}
	require.Greater(t, min(fitted, not), 10_000)
}

// What an outline refuses, no query within whose frame it is not may want.
func TestOutlinesKeepTheOrder(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for range 100_000 {
		a, b := esim.DataSize(r.Uint64()>>(1+r.IntN(63))), esim.DataSize(r.Uint64()>>(1+r.IntN(63)))
		require.False(t, a < b && sizeClass(a) > sizeClass(b), "%d %d", a, b)
		require.Equal(t, a == 0, sizeClass(a) == 0)
	}
	require.NotEqual(t, sizeClass(esim.GB), sizeClass(2*esim.GB))
	require.Equal(t, daysClass(400), daysClass(300))
	require.Less(t, daysClass(29), daysClass(30))
}

func TestAFrameHoldsWhatIsWithinBothBounds(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	part := func() uint8 { return uint8(r.IntN(128)) }
	held := 0
	for range 100_000 {
		a, b, c, d, size, days := part(), part(), part(), part(), part(), part()
		want := size >= a && size <= b && days >= c && days <= d
		got := frame{outlined(a, c), outlined(b, d)}.next([]uint32{0}, []outline{outlined(size, days)}) == 0
		require.Equal(t, want, got, "%d in %d to %d, %d in %d to %d", size, a, b, days, c, d)
		if want {
			held++
		}
	}
	require.Greater(t, held, 1000)
}
