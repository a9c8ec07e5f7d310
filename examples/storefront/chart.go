package main

import (
	"fmt"
	"html/template"
	"strings"
	"time"

	"github.com/esimkit/esim"
)

// dayUse is what was used on one day.
type dayUse struct {
	Day  time.Time
	Used esim.DataSize
}

// chartDays is how many days the chart shows, today last.
const chartDays = 7

// daily turns sums at the ends of days into what was used on each. What was
// used between two readings counts for the day of the later one.
func daily(sums map[string]esim.DataSize, today time.Time) []dayUse {
	today = today.UTC().Truncate(24 * time.Hour)
	first := today.AddDate(0, 0, 1-chartDays)
	var before esim.DataSize
	for day, sum := range sums {
		if day < first.Format(time.DateOnly) {
			before = max(before, sum)
		}
	}
	days := make([]dayUse, chartDays)
	for i := range days {
		day := first.AddDate(0, 0, i)
		days[i].Day = day
		if sum, read := sums[day.Format(time.DateOnly)]; read {
			days[i].Used = max(sum-before, 0)
			before = max(before, sum)
		}
	}
	return days
}

// Measures of the chart in its own units; the style sheet says how large one
// is. Whole numbers only, so that no rounding moves a bar.
const (
	chartWidth  = 378
	chartHeight = 180
	chartFloor  = 152 // where bars stand
	chartTop    = 24
	slot        = chartWidth / chartDays
	barWidth    = 32
)

// chart draws the days as an SVG picture without style or script, for a page
// under the strictest policy. Its numbers are in the label too.
func chart(days []dayUse) template.HTML {
	most := esim.DataSize(1)
	for _, d := range days {
		most = max(most, d.Used)
	}
	var b strings.Builder
	fmt.Fprintf(&b, `<svg class="chart" viewBox="0 0 %d %d" role="img" aria-label="%s">`, chartWidth, chartHeight, chartLabel(days))
	fmt.Fprintf(&b, `<line class="floor" x1="0" x2="%d" y1="%d" y2="%d"/>`, chartWidth, chartFloor, chartFloor)
	for i, d := range days {
		middle := i*slot + slot/2
		if d.Used > 0 {
			height := max(int(int64(d.Used)/1024*(chartFloor-chartTop)/max(int64(most)/1024, 1)), 3)
			height = min(height, chartFloor-chartTop)
			fmt.Fprintf(&b, `<rect class="bar" x="%d" y="%d" width="%d" height="%d" rx="6"/>`, middle-barWidth/2, chartFloor-height, barWidth, height)
			fmt.Fprintf(&b, `<text class="amount" x="%d" y="%d" text-anchor="middle">%s</text>`, middle, chartFloor-height-7, brief(d.Used))
		}
		fmt.Fprintf(&b, `<text x="%d" y="%d" text-anchor="middle">%s</text>`, middle, chartHeight-12, d.Day.Format("Mon 2"))
	}
	b.WriteString("</svg>")
	return template.HTML(b.String()) //nolint:gosec // numbers, and names of days
}

func chartLabel(days []dayUse) string {
	parts := make([]string, 0, len(days))
	for _, d := range days {
		if d.Used > 0 {
			parts = append(parts, d.Day.Format("Monday 2 January")+": "+brief(d.Used))
		}
	}
	if len(parts) == 0 {
		return "Data used each day: none in the last week"
	}
	return "Data used each day: " + strings.Join(parts, ", ")
}

// bar draws how much of the data is used, in thousandths of its width.
func bar(used, total esim.DataSize) template.HTML {
	part := 0
	if total > 0 {
		part = int(min(max(used, 0), total) / max(total/1000, 1))
	}
	part = min(part, 1000)
	return template.HTML(fmt.Sprintf( //nolint:gosec // a number
		`<svg class="gauge" viewBox="0 0 1000 24" preserveAspectRatio="none" aria-hidden="true">`+
			`<rect class="track" width="1000" height="24"/><rect class="fill" width="%d" height="24"/></svg>`, part))
}

// brief writes a size for people, in the units in which plans are sold. Amounts
// that count are written by [esim.DataSize.String].
func brief(d esim.DataSize) string { return d.Human(esim.GiB) }
