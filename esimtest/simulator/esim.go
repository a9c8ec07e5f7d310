package simulator

import (
	"cmp"
	"fmt"
	"time"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/esimtest/internal/random"
)

// sim is one eSIM as the back office of a provider sees it. The caller holds
// the provider's lock.
type sim struct {
	number               int64 // counts the eSIMs of the provider
	iccid, imsi, msisdn  string
	eid, imei            string
	smdp, matchingID     string
	order                string // the order it was bought with
	item                 *item
	createdAt, readyAt   time.Time
	installedAt          time.Time // zero = not installed
	onDevice             bool      // installed without being used yet
	cancelled, suspended bool
	bundles              []*bundle
	daily                map[string]int64 // bytes used on a day, by its date
	reported             string           // the status that was announced last
	dueAt                time.Time        // when time will change it next; zero = never
	index                int              // in the timerHeap
}

// bundle is data bought for an eSIM, with a life of its own.
type bundle struct {
	order                  string
	bytes, used            int64
	unlimited              bool
	days                   int
	createdAt, activatedAt time.Time // activatedAt zero = waiting
	expiresAt              time.Time // zero = not activated
	endedAt                time.Time // zero = not ended: by time, by use or by hand
	terminated             bool      // ended by hand
	minutes                int64     // of its active time that have been looked at

	reportedActive, reportedEnd bool // what webhooks have announced
	reportedUsage               int  // percent
}

// brand is what the eSIMs of one provider have in common.
type brand struct {
	prefix   string // of the ICCID
	digits   int    // of the ICCID, with the check digit
	smdp     string
	alphabet string // of the matching id
}

// fleet makes eSIMs and lets travellers use them.
type fleet struct {
	brand
	seed         int64
	installAfter time.Duration
	perHour      int64         // bytes that travellers use
	startAfter   time.Duration // unused bundles start by themselves; 0 = never
	made         int64
	timers       timerHeap
}

func newFleet(o *options, p esim.Provider, b brand) fleet {
	b.digits = cmp.Or(o.rulesOf(p).digits, b.digits)
	return fleet{brand: b, seed: o.seed, installAfter: o.installAfter, perHour: o.perHour}
}

// issue makes the next eSIM, delivered at ready.
func (w *fleet) issue(order string, it *item, now, ready time.Time) *sim {
	w.made++
	id := func(part uint64, digits int) string {
		return random.Letters(digits, random.Digits, w.seed, random.Hash(w.prefix), uint64(w.made), part) //nolint:gosec // counts from 1
	}
	const counter = 8
	s := &sim{
		number:     w.made,
		iccid:      random.Luhn(fmt.Sprintf("%s%s%0*d", w.prefix, id(1, w.digits-1-counter-len(w.prefix)), counter, w.made)),
		imsi:       "26001" + id(2, 10),
		msisdn:     "48" + id(3, 9),
		eid:        "8904" + id(4, 28),
		imei:       "35" + id(5, 13),
		smdp:       w.smdp,
		matchingID: random.Letters(32, w.alphabet, w.seed, random.Hash(w.prefix), uint64(w.made), 6), //nolint:gosec // counts from 1
		order:      order,
		item:       it,
		createdAt:  now,
		readyAt:    ready,
	}
	s.add(order, it, now)
	return s
}

// lpa is the activation code with the prefix of a QR code.
func (s *sim) lpa() string { return "LPA:1$" + s.smdp + "$" + s.matchingID }

func (s *sim) delivered(now time.Time) bool { return !now.Before(s.readyAt) }

func (s *sim) installed() bool { return !s.installedAt.IsZero() }

// add queues a bundle behind those the eSIM has.
func (s *sim) add(order string, it *item, now time.Time) *bundle {
	b := &bundle{order: order, bytes: it.bytes(), unlimited: it.unlimited, days: it.days, createdAt: now}
	s.bundles = append(s.bundles, b)
	return b
}

// extend adds data and days to the first bundle and revives it.
func (s *sim) extend(it *item, now time.Time) {
	b := s.bundles[0]
	b.bytes += it.bytes()
	b.unlimited = b.unlimited || it.unlimited
	if b.activatedAt.IsZero() {
		b.days += it.days
		return
	}
	b.expiresAt = later(b.expiresAt, now).AddDate(0, 0, it.days)
	if !b.endedAt.IsZero() {
		b.endedAt = time.Time{}
		b.minutes = int64(now.Sub(b.activatedAt) / time.Minute)
	}
}

func (b *bundle) activate(at time.Time) {
	b.activatedAt = at
	b.expiresAt = at.AddDate(0, 0, b.days)
}

// waiting reports whether the bundle may still begin. One that was terminated
// before may not.
func (b *bundle) waiting() bool { return b.activatedAt.IsZero() && b.endedAt.IsZero() }

func (b *bundle) active() bool { return !b.activatedAt.IsZero() && b.endedAt.IsZero() }

// settle brings the eSIM up to the present: installs it when its time has
// come, uses data by the minute, and moves from one bundle to the next.
func (w *fleet) settle(s *sim, now time.Time) {
	if s.cancelled || !s.delivered(now) {
		return
	}
	if due := s.readyAt.Add(w.installAfter); !s.installed() && w.installAfter >= 0 && !now.Before(due) {
		s.installedAt = due
	}
	from := s.installedAt
	for _, b := range s.bundles {
		if start := w.start(s, b, from, now); b.waiting() && !start.IsZero() {
			b.activate(start)
		}
		w.consume(s, b, now)
		if b.endedAt.IsZero() {
			return
		}
		from = later(from, b.endedAt)
	}
}

// start is when a waiting bundle becomes active: when the eSIM is installed
// and the bundle before it has ended, or by itself after a long time. Zero
// means not yet.
func (w *fleet) start(s *sim, b *bundle, from, now time.Time) time.Time {
	if s.installed() {
		return later(from, b.createdAt)
	}
	if due := b.createdAt.Add(w.startAfter); w.startAfter > 0 && !now.Before(due) {
		return due
	}
	return time.Time{}
}

// consume looks at the whole minutes since the last look.
func (w *fleet) consume(s *sim, b *bundle, now time.Time) {
	if !b.active() {
		return
	}
	if s.installed() && s.installedAt.After(b.activatedAt) {
		b.minutes = max(b.minutes, int64(s.installedAt.Sub(b.activatedAt)/time.Minute))
	}
	start := b.minutes
	b.minutes = max(start, int64(earlier(now, b.expiresAt).Sub(b.activatedAt)/time.Minute))
	if s.installed() && !s.suspended {
		use, left := w.bytesIn(b.minutes)-w.bytesIn(start), b.bytes-b.used
		if !b.unlimited && use >= left && w.perHour > 0 {
			use = left
			b.endedAt = b.activatedAt.Add(w.timeFor(w.bytesIn(start) + left))
		}
		b.used += use
		w.spread(s, b, start, use)
	}
	if b.endedAt.IsZero() && !now.Before(b.expiresAt) {
		b.endedAt = b.expiresAt
	}
}

// bytesIn is how much is used in so many minutes.
func (w *fleet) bytesIn(minutes int64) int64 { return minutes * w.perHour / 60 }

// timeFor is how long it takes to use so much, in whole minutes.
func (w *fleet) timeFor(bytes int64) time.Duration {
	return time.Duration((bytes*60+w.perHour-1)/w.perHour) * time.Minute
}

// spread writes down on which days a use took place that began in a minute of
// the bundle's active time.
func (w *fleet) spread(s *sim, b *bundle, minute, use int64) {
	for use > 0 {
		from := b.activatedAt.Add(time.Duration(minute) * time.Minute)
		day := from.UTC().Truncate(24 * time.Hour)
		next := minute + max(1, int64(day.AddDate(0, 0, 1).Sub(from)/time.Minute))
		part := min(use, w.bytesIn(next)-w.bytesIn(minute))
		s.note(day, part)
		minute, use = next, use-part
	}
}

func (s *sim) note(day time.Time, bytes int64) {
	if s.daily == nil {
		s.daily = map[string]int64{}
	}
	s.daily[day.UTC().Format(time.DateOnly)] += bytes
}

// use has the traveller install the eSIM if need be and use data at once.
func (w *fleet) use(s *sim, bytes int64, now time.Time) {
	if !s.installed() {
		s.installedAt = now
	}
	w.settle(s, now)
	s.note(now, bytes)
	for _, b := range s.bundles {
		if !b.endedAt.IsZero() {
			continue
		}
		if b.activatedAt.IsZero() {
			b.activate(now)
		}
		if b.unlimited || bytes < b.bytes-b.used {
			b.used += bytes
			return
		}
		bytes -= b.bytes - b.used
		b.used, b.endedAt = b.bytes, now
	}
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}
