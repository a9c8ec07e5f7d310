package simulator

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim/esimtest/internal/random"
)

func TestBodiesAreReadStrictly(t *testing.T) {
	for _, bad := range []string{
		``, ` `, `{`, `{"a"`, `{"a":`, `{"a":1`, `{"a":1,}`, `{a:1}`, `null`, `[]`, `1`, `{"a":1} x`, `{"a":1}{}`,
		`{"a":1,"a":2}`, `{"a":{"b":1,"b":2}}`, `{"a":[{"b":1,"b":2}]}`, `{"a":[1,}`, "{\"a\":\"\xff\"}",
	} {
		_, err := parseObject([]byte(bad))
		assert.Error(t, err, bad)
	}
	o, err := parseObject([]byte(` {"a":{"c":[1,{"d":null}]},"b":"x"} `))
	require.NoError(t, err)
	assert.True(t, o.has("a"))
	assert.Equal(t, "x", o.str("b"))
	assert.NoError(t, o.err)
}

func TestTypesOfFields(t *testing.T) {
	body := []byte(`{"s":"text","n":12,"f":1.5,"b":true,"l":[1],"z":null}`)
	names := []string{"s", "n", "f", "b", "l", "z"}
	good := map[string]func(o *object) any{
		"s": func(o *object) any { return o.str("s") },
		"n": func(o *object) any { return o.integer("n", 0) },
		"f": func(o *object) any { return o.number("f") },
		"b": func(o *object) any { return o.boolean("b") },
		"l": func(o *object) any { return len(o.list("l")) },
	}
	want := map[string]any{"s": "text", "n": int64(12), "f": "1.5", "b": true, "l": 1}
	for name, get := range good {
		o, err := parseObject(body)
		require.NoError(t, err)
		assert.Equal(t, want[name], get(o))
		assert.NoError(t, o.err)
	}
	readers := map[string]func(o *object, field string){
		"s": func(o *object, f string) { o.str(f) }, "n": func(o *object, f string) { o.integer(f, 0) },
		"f": func(o *object, f string) { o.number(f) }, "b": func(o *object, f string) { o.boolean(f) },
		"l": func(o *object, f string) { o.list(f) },
	}
	for kind, read := range readers {
		for _, field := range names {
			o, err := parseObject(body)
			require.NoError(t, err)
			read(o, field)
			fits := field == kind || (kind == "f" && field == "n") || field == "z"
			assert.Equal(t, fits, o.err == nil, "%s read as %s", field, kind)
		}
	}
	o, err := parseObject([]byte(`{}`))
	require.NoError(t, err)
	assert.Equal(t, int64(7), o.integer("n", 7))
	assert.Empty(t, o.str("s")+o.number("f"))
	assert.False(t, o.boolean("b"))
	assert.Nil(t, o.list("l"))
	assert.NoError(t, o.err)
}

// Tasks run in order of their time, those of one time in order of their making,
// and see the time they were made for.
func TestClockRunsTasksInOrder(t *testing.T) {
	c := newClock(time.Time{}, func() {})
	start := c.now()
	var order []string
	var times []time.Duration
	note := func(name string) func() {
		return func() {
			order = append(order, name)
			times = append(times, c.now().Sub(start).Round(time.Minute))
		}
	}
	c.after(2*time.Hour, note("late"))
	c.after(time.Hour, func() {
		note("early")()
		c.after(30*time.Minute, note("between"))
		c.after(24*time.Hour, note("too late"))
	})
	c.after(3*time.Hour, note("last"))
	c.advance(3*time.Hour + time.Minute)
	assert.Equal(t, []string{"early", "between", "late", "last"}, order)
	assert.Equal(t, []time.Duration{time.Hour, 90 * time.Minute, 2 * time.Hour, 3 * time.Hour}, times)
	assert.Equal(t, 181*time.Minute, c.now().Sub(start).Round(time.Minute))
}

func TestLuhn(t *testing.T) {
	assert.Equal(t, "79927398713", random.Luhn("7992739871"))
}

func TestUUIDs(t *testing.T) {
	for n := range uint64(100) {
		id, ok := parseUUID(uuidFor(1, n))
		assert.True(t, ok && randomUUID(id), uuidFor(1, n))
	}
	assert.NotEqual(t, uuidFor(1, 1), uuidFor(2, 1))
}
