package esimfly

import (
	"cmp"
	"context"
	"time"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/adapter"
	"github.com/esimkit/esim/adapter/wire"
)

// LiveStatus is what the carrier says of an eSIM right now.
type LiveStatus struct {
	ICCID          esim.ICCID      `json:"iccid"`
	Status         esim.ESIMStatus `json:"status"`
	ProviderStatus string          `json:"provider_status,omitempty"` // the raw word

	// What the network, the SM-DP+ and the device report, in eSIMfly's words.
	NetworkStatus string `json:"network_status,omitempty"`
	SMDPStatus    string `json:"smdp_status,omitempty"`
	Profile       string `json:"profile,omitempty"` // Enabled, Disabled, Not Installed

	LastNetwork    esim.Network `json:"last_network"` // zero before the first attach
	ConnectionType string       `json:"connection_type,omitempty"`
	DeviceModel    string       `json:"device_model,omitempty"`
	IMEI           string       `json:"imei,omitempty"`

	ActivatedAt time.Time `json:"activated_at,omitzero"`
	LastUsedAt  time.Time `json:"last_used_at,omitzero"`
	ExpiresAt   time.Time `json:"expires_at,omitzero"`

	Used      esim.DataSize  `json:"used"`
	Total     *esim.DataSize `json:"total,omitempty"` // nil = unlimited, or not stated
	Unlimited bool           `json:"unlimited,omitempty"`
}

type liveData struct {
	ICCID      wire.Text `json:"iccid"`
	Status     wire.Text `json:"status"`
	ESIMStatus wire.Text `json:"esim_status"`
	SMDP       wire.Text `json:"smdp_status"`
	Profile    wire.Text `json:"profile"`
	Unlimited  wire.Flag `json:"unlimited"`
	Network    place     `json:"last_network"`
	Device     struct {
		Model wire.Text `json:"model"`
		IMEI  wire.Text `json:"imei"`
	} `json:"device"`
	ActivatedAt wire.UTCTime `json:"activation_date"`
	LastUsedAt  wire.UTCTime `json:"last_usage_date"`
	ExpiresAt   wire.UTCTime `json:"expiry_date"`
	Usage       struct {
		Used      wire.Number `json:"used_gb"`
		Total     wire.Number `json:"total_gb"`
		Unlimited wire.Flag   `json:"unlimited"`
	} `json:"data_usage"`
}

// place is a network in the diagnostic answers.
type place struct {
	Operator   wire.Text `json:"operator"`
	MCC        wire.Text `json:"mcc"`
	MNC        wire.Text `json:"mnc"`
	Country    string    `json:"country"`
	ISO2       string    `json:"country_iso2"`
	Connection wire.Text `json:"connection_type"`
}

func (p *place) network() esim.Network {
	return esim.Network{
		Country: country(p.ISO2, p.Country), Name: p.Operator.String(), MCC: p.MCC.String(), MNC: p.MNC.String(),
		Technology: p.Connection.String(),
	}
}

// LiveStatus asks the carrier for the state of an eSIM (eSIMfly docs:
// api/esim-status). It is slow; eSIMfly wants it called about once a minute
// for an eSIM, at most. An unreachable carrier is [esim.ErrUnavailable].
func (c *Client) LiveStatus(ctx context.Context, iccid esim.ICCID) (*LiveStatus, error) {
	return adapter.Operate(ctx, c.api, "LiveStatus", iccid, c.liveStatus)
}

func (c *Client) liveStatus(ctx context.Context, iccid esim.ICCID) (*LiveStatus, error) {
	d, err := diagnose[liveData](ctx, c, "/esims/status", iccidBody{iccid})
	if err != nil {
		return nil, err
	}
	s := &LiveStatus{
		ICCID: iccid, Status: esimStatus(d.Status, d.ESIMStatus), ProviderStatus: d.Status.String(),
		NetworkStatus: d.ESIMStatus.String(), SMDPStatus: d.SMDP.String(), Profile: d.Profile.String(),
		LastNetwork: d.Network.network(), ConnectionType: d.Network.Connection.String(),
		DeviceModel: d.Device.Model.String(), IMEI: d.Device.IMEI.String(),
		ActivatedAt: d.ActivatedAt.Time, LastUsedAt: d.LastUsedAt.Time, ExpiresAt: d.ExpiresAt.Time,
		Used: d.Usage.Used.Size(esim.GiB), Unlimited: d.Unlimited.Value || d.Usage.Unlimited.Value,
	}
	if d.Usage.Total.Known() && !s.Unlimited {
		s.Total = new(d.Usage.Total.Size(esim.GiB))
	}
	return s, nil
}

// diagnose asks about one eSIM. It is a POST that changes nothing, and may
// take long, for the carrier is asked.
func diagnose[T any](ctx context.Context, c *Client, path string, body any) (*T, error) {
	call := adapter.Post(path, adapter.Read, body)
	call.Timeout = slow
	return fetch[T](ctx, c, call)
}

// NetworkEvents is what an eSIM has done in mobile networks in the last seven
// days.
type NetworkEvents struct {
	ICCID        esim.ICCID     `json:"iccid"`
	Total        int            `json:"total"`
	WrongNetwork int            `json:"wrong_network"`    // events in networks the package does not cover
	Events       []NetworkEvent `json:"events,omitempty"` // newest first
}

// NetworkEvent is one attach, data session or location update.
type NetworkEvent struct {
	Time     time.Time    `json:"time,omitzero"`
	Type     string       `json:"type"`              // attach, data_session, location_update, or the network's own word
	Request  string       `json:"request,omitempty"` // Init, Update, Term, UL, ULR, …
	Network  esim.Network `json:"network"`
	APN      string       `json:"apn,omitempty"`
	MSISDN   string       `json:"msisdn,omitempty"`
	Response string       `json:"response,omitempty"` // the network's answer to a data session
	Allowed  *bool        `json:"allowed,omitempty"`  // nil = not stated
}

type eventsData struct {
	Total        wire.Number `json:"total_events"`
	WrongNetwork wire.Number `json:"wrong_network_count"`
	Events       []struct {
		place
		Time     wire.UTCTime `json:"time"`
		Type     wire.Text    `json:"event_type"`
		Request  wire.Text    `json:"req_type"`
		MSISDN   wire.Text    `json:"msisdn"`
		APN      wire.Text    `json:"apn"`
		Response wire.Text    `json:"data_response"`
		Allowed  *bool        `json:"is_allowed"`
	} `json:"events"`
}

// NetworkEvents reads the network events of an eSIM (eSIMfly docs:
// api/network-events). Where the network tells none the error is of kind
// [esim.ErrNotEligible].
func (c *Client) NetworkEvents(ctx context.Context, iccid esim.ICCID) (*NetworkEvents, error) {
	return adapter.Operate(ctx, c.api, "NetworkEvents", iccid, c.networkEvents)
}

func (c *Client) networkEvents(ctx context.Context, iccid esim.ICCID) (*NetworkEvents, error) {
	d, err := diagnose[eventsData](ctx, c, "/esims/network-events", iccidBody{iccid})
	if err != nil {
		return nil, err
	}
	result := &NetworkEvents{ICCID: iccid, Total: d.Total.Int(), WrongNetwork: d.WrongNetwork.Int()}
	for i := range d.Events {
		e := &d.Events[i]
		result.Events = append(result.Events, NetworkEvent{
			Time: e.Time.Time, Type: e.Type.String(), Request: e.Request.String(), Network: e.network(),
			APN: e.APN.String(), MSISDN: e.MSISDN.String(), Response: e.Response.String(), Allowed: e.Allowed,
		})
	}
	return result, nil
}

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

type reportBody struct {
	iccidBody
	Days int `json:"days"`
}

type reportData struct {
	Days    wire.Number  `json:"period_days"`
	From    wire.UTCTime `json:"start_date"`
	To      wire.UTCTime `json:"end_date"`
	Summary struct {
		Total   wire.Number `json:"total_data_mb"`
		Average wire.Number `json:"avg_daily_mb"`
	} `json:"summary"`
	Daily []struct {
		used
		Date wire.UTCTime `json:"date"`
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
func (c *Client) UsageReport(ctx context.Context, iccid esim.ICCID, days int) (*UsageReport, error) {
	body := reportBody{iccidBody{iccid}, cmp.Or(days, usualReportDays)}
	return adapter.OperateOn(ctx, c.api, "UsageReport", body, func(check *adapter.Check, body reportBody) {
		check.Range("days", body.Days, 1, maxReportDays)
		check.ICCID("ICCID", body.ICCID)
	}, c.usageReport)
}

func (c *Client) usageReport(ctx context.Context, body reportBody) (*UsageReport, error) {
	d, err := diagnose[reportData](ctx, c, "/esims/usage-report", body)
	if err != nil {
		return nil, err
	}
	return d.convert(body.ICCID), nil
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
