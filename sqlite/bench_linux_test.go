package sqlite_test

import (
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim/sqlite"
)

// disk writes blocks of 4 KiB with a flush after each: what no journal can beat
// but by sharing flushes.
type disk struct {
	file  *os.File
	n     int
	spent time.Duration
}

func newDisk(b *testing.B) *disk {
	b.Helper()
	f, err := os.Create(filepath.Join(b.TempDir(), "raw"))
	require.NoError(b, err)
	b.Cleanup(func() { require.NoError(b, f.Close()) })
	return &disk{file: f}
}

func (d *disk) write(b *testing.B, n int) {
	b.Helper()
	block := make([]byte, 4096)
	began := time.Now()
	for range n {
		_, err := d.file.Write(block)
		require.NoError(b, err)
		require.NoError(b, syscall.Fdatasync(int(d.file.Fd())))
	}
	d.n += n
	d.spent += time.Since(began)
}

func (d *disk) rate() float64 { return float64(d.n) / d.spent.Seconds() }

// The life of an order that succeeds at once, Create and Save, against the raw
// rate of the same disk, measured in turns with it. x-raw is what
// docs/performance.md states: writes of the journal per raw flush.
func BenchmarkWrites(b *testing.B) {
	for _, writers := range []int{1, 8, 64} {
		b.Run("writers="+strconv.Itoa(writers), func(b *testing.B) {
			const turns = 20
			d, s := newDisk(b), open(b, newPath(b))
			var spent time.Duration
			made := 0
			for made < b.N {
				d.write(b, 100)
				n := min(max(b.N/turns, writers), b.N-made)
				began := time.Now()
				live(b, s, writers, made, n)
				spent += time.Since(began)
				made += n
			}
			rate := 2 * float64(made) / spent.Seconds()
			b.ReportMetric(rate, "writes/s")
			b.ReportMetric(d.rate(), "raw-flushes/s")
			b.ReportMetric(rate/d.rate(), "x-raw")
		})
	}
}

// live has n orders live through their lives.
func live(b *testing.B, s *sqlite.Store, writers, first, n int) {
	b.Helper()
	var next atomic.Int64
	var wg sync.WaitGroup
	for range writers {
		wg.Go(func() {
			for {
				i := int(next.Add(1)) - 1
				if i >= n {
					return
				}
				kept, _, err := s.Create(b.Context(), entry(first+i), nil)
				if err == nil {
					_, err = s.Save(b.Context(), delivered(kept))
				}
				if err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
}
