package main

import (
	"encoding/xml"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim"
)

var chartToday = time.Date(2026, 3, 10, 15, 0, 0, 0, time.UTC)

func TestDaily(t *testing.T) {
	days := daily(map[string]esim.DataSize{
		"2026-02-20": 1 * esim.GiB, // before the chart: what it begins with
		"2026-03-05": 1*esim.GiB + 100*esim.MiB,
		"2026-03-07": 1*esim.GiB + 400*esim.MiB, // the 6th was not read
		"2026-03-08": 1 * esim.GiB,              // a sum that falls is no use
		"2026-03-10": 1*esim.GiB + 450*esim.MiB,
	}, chartToday)
	var got []esim.DataSize
	for _, d := range days {
		got = append(got, d.Used/esim.MiB)
	}
	assert.Equal(t, []esim.DataSize{0, 100, 0, 300, 0, 0, 50}, got)
	assert.Equal(t, "2026-03-04", days[0].Day.Format(time.DateOnly))
}

func TestChart(t *testing.T) {
	for name, c := range map[string]struct {
		sums map[string]esim.DataSize
		bars int
		says string
	}{
		"nothing": {nil, 0, "none in the last week"},
		"a byte":  {map[string]esim.DataSize{"2026-03-10": 1}, 1, "Tuesday 10 March: 1 B"},
		"much":    {map[string]esim.DataSize{"2026-03-09": esim.TiB, "2026-03-10": esim.TiB + esim.MiB}, 2, "Monday 9 March: 1 TiB, Tuesday 10 March: 1 MiB"},
	} {
		t.Run(name, func(t *testing.T) {
			picture := string(chart(daily(c.sums, chartToday)))
			assert.Contains(t, picture, c.says)
			assert.NotContains(t, picture, "style")
			bars := 0
			for d := xml.NewDecoder(strings.NewReader(picture)); ; {
				token, err := d.Token()
				if token == nil {
					assert.ErrorContains(t, err, "EOF")
					break
				}
				e, ok := token.(xml.StartElement)
				if !ok || e.Name.Local != "rect" {
					continue
				}
				bars++
				at := map[string]string{}
				for _, a := range e.Attr {
					at[a.Name.Local] = a.Value
				}
				assert.Regexp(t, `^[1-9]\d*$`, at["height"], "a bar can be seen")
			}
			assert.Equal(t, c.bars, bars)
		})
	}
}

func TestSpent(t *testing.T) {
	assert.Equal(t, 3*esim.GiB, spent(&esim.Usage{Used: 3 * esim.GiB}))
	assert.Equal(t, 4*esim.GiB, spent(&esim.Usage{Used: esim.GiB, Plans: []esim.PlanUsage{
		{Used: 3 * esim.GiB, Status: esim.ESIMDepleted}, {Used: esim.GiB, Status: esim.ESIMActive},
	}}), "a plan that has ended counts")
}

func TestBar(t *testing.T) {
	for want, c := range map[string][2]esim.DataSize{
		`width="0"`:    {0, esim.GiB},
		`width="500"`:  {esim.GiB / 2, esim.GiB},
		`width="1000"`: {2 * esim.GiB, esim.GiB},
	} {
		assert.Contains(t, string(bar(c[0], c[1])), `class="fill" `+want)
	}
	assert.Contains(t, string(bar(5, 0)), `class="fill" width="0"`, "of an unknown total nothing is shown")
}

func TestBrief(t *testing.T) {
	for want, d := range map[string]esim.DataSize{
		"0 B": 0, "300 MiB": 300 * esim.MiB, "1.5 MiB": esim.MiB * 3 / 2, "1 GiB": esim.GiB, "4.68 GiB": 4*esim.GiB + 700*esim.MiB, "123 MiB": 123*esim.MiB + 4,
	} {
		assert.Equal(t, want, brief(d))
	}
}

func TestAge(t *testing.T) {
	for want, d := range map[string]time.Duration{
		"0 seconds": 0, "1 second": time.Second, "59 seconds": 59 * time.Second, "1 minute": 90 * time.Second, "3 hours": 3*time.Hour + time.Minute, "2 days": 49 * time.Hour,
	} {
		assert.Equal(t, want, age(d))
	}
	require.Equal(t, "twice", times(2))
}
