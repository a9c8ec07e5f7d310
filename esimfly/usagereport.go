package esimfly

import (
	"context"
	"time"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/adapter/wire"
)

const (
	usualReportDays = 7
	maxReportDays   = 90 // eSIMfly docs: api/usage-report
)

// UsageReport is the data an eSIM has used, by day and by country.
type UsageReport struct {
	ICCID    esim.ICCID     `json:"iccid"`
	Days     int            `json:"days"`
	From     time.Time      `json:"from,omitzero"`
	To       time.Time      `json:"to,omitzero"`
	Total    esim.DataSize  `json:"total"`
	DailyAvg esim.DataSize  `json:"daily_average"`   // over the days with usage only
	Daily    []DayUsage     `json:"daily,omitempty"` // newest first
	Places   []CountryUsage `json:"countries,omitempty"`
}

// DayUsage is the data used on one day.
type DayUsage struct {
	Day  time.Time     `json:"day,omitzero"`
	Data esim.DataSize `json:"data"`
}

// CountryUsage is the data used in one country.
type CountryUsage struct {
	Country   esim.Country    `json:"country,omitempty"` // "" = Name is none we know
	Name      string          `json:"name"`
	MCC       string          `json:"mcc,omitempty"`
	Data      esim.DataSize   `json:"data"`
	Operators []OperatorUsage `json:"operators,omitempty"`
}

// OperatorUsage is the data used in one mobile network.
type OperatorUsage struct {
	Name string        `json:"name"`
	MNC  string        `json:"mnc,omitempty"`
	Data esim.DataSize `json:"data"`
}

// used is an amount of data. The GB beside it is the same, rounded.
type used struct {
	MB wire.Number `json:"data_mb"`
}

func (u used) size() esim.DataSize { return u.MB.Size(esim.MiB) }

type reportData struct {
	Days    wire.Number `json:"period_days"`
	From    wire.Time   `json:"start_date"`
	To      wire.Time   `json:"end_date"`
	Summary struct {
		Total   wire.Number `json:"total_data_mb"`
		Average wire.Number `json:"avg_daily_mb"`
	} `json:"summary"`
	Daily []struct {
		used
		Date wire.Time `json:"date"`
	} `json:"daily_usage"`
	Countries []struct {
		used
		Country   string    `json:"country"`
		MCC       wire.Text `json:"mcc"`
		Operators []struct {
			used
			Operator string    `json:"operator"`
			MNC      wire.Text `json:"mnc"`
		} `json:"operators"`
	} `json:"by_country"`
}

// UsageReport reads the data used in the last days, 1 to 90, 0 for the usual 7
// (eSIMfly docs: api/usage-report). Where the network tells none the error is
// of kind [esim.ErrNotEligible].
func (c *Client) UsageReport(ctx context.Context, iccid esim.ICCID, days int) (_ *UsageReport, err error) {
	const op = "UsageReport"
	ctx, end := c.api.Operation(ctx, op)
	defer func() { end(err) }()
	if days == 0 {
		days = usualReportDays
	}
	check := c.api.Check(ctx, op)
	check.Range("days", days, 1, maxReportDays)
	if err = check.Err(); err != nil {
		return nil, err
	}
	body := struct {
		iccidBody
		Days int `json:"days"`
	}{iccidBody{iccid}, days}
	d, err := diagnose[reportData](ctx, c, op, "/esims/usage-report", iccid, body)
	if err != nil {
		return nil, err
	}
	return d.convert(iccid), nil
}

func (d *reportData) convert(iccid esim.ICCID) *UsageReport {
	r := &UsageReport{
		ICCID: iccid, Days: d.Days.Int(), From: d.From.Time, To: d.To.Time,
		Total: d.Summary.Total.Size(esim.MiB), DailyAvg: d.Summary.Average.Size(esim.MiB),
	}
	for i := range d.Daily {
		r.Daily = append(r.Daily, DayUsage{d.Daily[i].Date.Time, d.Daily[i].size()})
	}
	for i := range d.Countries {
		from := &d.Countries[i]
		place := CountryUsage{Country: country(from.Country), Name: from.Country, MCC: from.MCC.String(), Data: from.size()}
		for j := range from.Operators {
			o := &from.Operators[j]
			place.Operators = append(place.Operators, OperatorUsage{o.Operator, o.MNC.String(), o.size()})
		}
		r.Places = append(r.Places, place)
	}
	return r
}
