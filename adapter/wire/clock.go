package wire

import (
	"strings"
	"time"
)

// clock is a date and a time of day in ISO 8601, as far as they are read.
type clock struct {
	year, month, day     int
	hour, minute, second int
	nanosecond           int
	offset               int // of its zone, seconds east of UTC
}

// cutDate cuts a date off, year first: 2026-09-27, 2026/09/27, or 20260927 before
// a T.
func cutDate(s string) (c clock, rest string, ok bool) {
	c.year, s, ok = digits(s, 4)
	if !ok || s == "" {
		return c, s, false
	}
	apart := ""
	if s[0] == '-' || s[0] == '/' {
		apart, s = s[:1], s[1:]
	}
	if c.month, s, ok = digits(s, 2); !ok {
		return c, s, false
	}
	if s, ok = strings.CutPrefix(s, apart); !ok {
		return c, s, false
	}
	if c.day, s, ok = digits(s, 2); !ok || apart == "" && (s == "" || s[0] != 'T') {
		return c, s, false
	}
	return c, s, c.month >= 1 && c.month <= 12 && c.day >= 1 && c.day <= daysOf(c.year, c.month)
}

func daysOf(year, month int) int {
	return time.Date(year, time.Month(month)+1, 0, 0, 0, 0, 0, time.UTC).Day()
}

// cutClock cuts off what stands between a date and a zone: 19:29, 19:29:36,
// 19:29:36.5 or 192936, behind a T or a space. 24:00 is the end of the day (ISO
// 8601), and a second 60 may be a leap second, which setZone looks at.
func (c *clock) cutClock(s string) (rest string, ok bool) {
	if s == "" || s[0] != 'T' && s[0] != 't' && s[0] != ' ' {
		return s, false
	}
	s = strings.TrimLeft(s[1:], " ")
	if c.hour, s, ok = digits(s, 2); !ok {
		return s, false
	}
	apart := ""
	if strings.HasPrefix(s, ":") {
		apart = ":"
	}
	if c.minute, s, ok = digits(strings.TrimPrefix(s, apart), 2); !ok {
		return s, false
	}
	if after, more := strings.CutPrefix(s, apart); more {
		if seconds, left, has := digits(after, 2); has {
			c.second, s = seconds, left
			s, ok = c.cutFraction(s)
		} else if apart != "" {
			ok = false
		}
	}
	whole := c.minute <= 59 && c.second <= 60 && c.hour <= 23
	endOfDay := c.hour == 24 && c.minute == 0 && c.second == 0 && c.nanosecond == 0
	return s, ok && (whole || endOfDay)
}

// cutFraction keeps nanoseconds, and drops what is below.
func (c *clock) cutFraction(s string) (rest string, ok bool) {
	if s == "" || s[0] != '.' && s[0] != ',' {
		return s, true
	}
	n := 1
	for unit := 100_000_000; n < len(s) && s[n] >= '0' && s[n] <= '9'; n++ {
		c.nanosecond += int(s[n]-'0') * unit
		unit /= 10
	}
	return s[n:], n > 1
}

// setZone reads a zone that stands for one offset: Z, UTC, GMT, +03:00, +0300
// or +03. The name of the zone may follow in brackets (RFC 9557), and UTC may
// follow an offset of zero.
func (c *clock) setZone(s string) bool {
	s = strings.TrimLeft(s, " ")
	if name := strings.IndexByte(s, '['); name > 0 && strings.HasSuffix(s, "]") {
		s = s[:name]
	}
	switch strings.ToUpper(s) {
	case "Z", "UTC", "GMT", "+0000 UTC", "+0000 GMT":
		return c.second < 60 || c.isLeapSecond()
	}
	if s == "" || s[0] != '+' && s[0] != '-' {
		return false
	}
	hours, rest, ok := digits(s[1:], 2)
	minutes := 0
	if ok && rest != "" {
		minutes, rest, ok = digits(strings.TrimPrefix(rest, ":"), 2)
	}
	if !ok || rest != "" || hours > 23 || minutes > 59 {
		return false
	}
	c.offset = (hours*60 + minutes) * 60
	if s[0] == '-' {
		c.offset = -c.offset
	}
	return c.second < 60 || c.isLeapSecond()
}

// isLeapSecond reports whether the second 60 is one that there may be, the last of
// a day in UTC. It is then the instant at which the next day begins.
func (c *clock) isLeapSecond() bool {
	at := c.time()
	return at.Hour() == 0 && at.Minute() == 0 && at.Second() == 0
}

func (c *clock) time() time.Time {
	return time.Date(c.year, time.Month(c.month), c.day, c.hour, c.minute, c.second-c.offset, c.nanosecond, time.UTC)
}

// storable is the zero time beyond the years that RFC 3339 can write.
func (c *clock) storable() time.Time {
	if at := c.time(); at.Year() >= 1 && at.Year() <= 9999 {
		return at
	}
	return time.Time{}
}

// digits cuts off a number of exactly n ASCII digits.
func digits(s string, n int) (value int, rest string, ok bool) {
	if len(s) < n {
		return 0, s, false
	}
	for i := range n {
		if s[i] < '0' || s[i] > '9' {
			return 0, s, false
		}
		value = value*10 + int(s[i]-'0')
	}
	return value, s[n:], true
}
