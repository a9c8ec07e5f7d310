package simulator

import (
	"cmp"
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/esimkit/esim/esimtest/internal/atlas"
)

// bodyESIM is the eSIM named in the body of a request, by ICCID or esimId. The
// caller holds the lock.
func (f *ESIMFly) bodyESIM(c *call, o *object) (*sim, *reply) {
	iccid, id := o.str("iccid"), o.integer("esimId", 0)
	if o.err != nil {
		return nil, f.malformed(c, o.err)
	}
	if iccid == "" && id == 0 {
		f.violate(c, "neither iccid nor esimId")
		return nil, f.refuse(c, "MISSING_IDENTIFIER")
	}
	if iccid == ForeignICCID {
		return nil, f.refuse(c, "FORBIDDEN")
	}
	if iccid == "" {
		i := slices.IndexFunc(f.esims, func(s *sim) bool { return flyESIMID(s) == id })
		if i >= 0 {
			iccid = f.esims[i].iccid
		}
	}
	s := f.find(c, iccid)
	if s == nil {
		return nil, f.refuseAs(c, http.StatusNotFound, "ESIM_NOT_FOUND", "eSIM not found")
	}
	return s, nil
}

// onESIM reads the body of 4.10 to 4.15 and hands the eSIM on, locked.
func (f *ESIMFly) onESIM(c *call, act func(s *sim, o *object) *reply, extra ...string) *reply {
	o, err := f.object(c, c.body, append(extra, "iccid", "esimId")...)
	if err != nil {
		return f.malformed(c, err)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	s, refusal := f.bodyESIM(c, o)
	if refusal != nil {
		return refusal
	}
	return act(s, o)
}

type flyLastNetwork struct {
	Operator *string `json:"operator"`
	MCC      *string `json:"mcc"`
	MNC      *string `json:"mnc"`
	Country  *string `json:"country"`
	ISO2     *string `json:"country_iso2"`
	Type     *string `json:"connection_type"`
}

type flyDevice struct {
	Model *string `json:"model"`
	IMEI  *string `json:"imei"`
}

type flyLive struct {
	ICCID     string         `json:"iccid"`
	Status    string         `json:"status"`
	ESIM      string         `json:"esim_status"`
	SMDP      string         `json:"smdp_status"`
	Profile   string         `json:"profile"`
	Unlimited bool           `json:"unlimited"`
	Network   flyLastNetwork `json:"last_network"`
	Device    flyDevice      `json:"device"`
	Activated *string        `json:"activation_date"`
	LastUsage *string        `json:"last_usage_date"`
	Expires   *string        `json:"expiry_date"`
	Data      flyLiveData    `json:"data_usage"`
}

type flyLiveData struct {
	Used      json.Number  `json:"used_gb"`
	Total     *json.Number `json:"total_gb"`
	Unlimited bool         `json:"unlimited"`
}

func (f *ESIMFly) postStatus(c *call) *reply {
	return f.onESIM(c, func(s *sim, _ *object) *reply {
		now := f.now()
		b, w := s.bundles[0], flyWords(s, now)
		live := flyLive{
			ICCID: s.iccid, Status: w.status, ESIM: w.esim, SMDP: w.sim, Profile: w.live, Unlimited: b.unlimited,
			Activated: isoOrNull(b.activatedAt), Expires: isoOrNull(b.expiresAt),
			Data: flyLiveData{Used: inGB(b.used), Unlimited: b.unlimited},
		}
		if !b.unlimited {
			live.Data.Total = new(inGB(b.bytes))
		}
		if s.installed() {
			at := atlas.Countries[s.item.members[0]]
			live.Network = flyLastNetwork{&at.Operator, &at.MCC, &at.MNC, &at.Name, &at.ISO, new("4G - LTE")}
			live.Device = flyDevice{new("GTF7P"), &s.imei}
			live.LastUsage = new(iso(now))
		}
		return flyData("Live eSIM status retrieved", members(encode(live))...)
	})
}

type flyEvent struct {
	Time     string `json:"time"`
	Event    string `json:"event_type"`
	Request  string `json:"req_type"`
	Operator string `json:"operator"`
	MCC      string `json:"mcc"`
	MNC      string `json:"mnc"`
	Country  string `json:"country"`
	ISO2     string `json:"country_iso2"`
	MSISDN   string `json:"msisdn"`
	APN      string `json:"apn"`
	Type     string `json:"connection_type"`
	Response string `json:"data_response"`
	Allowed  bool   `json:"is_allowed"`
}

// postNetworkEvents shows an attachment and a data session every six hours
// since.
func (f *ESIMFly) postNetworkEvents(c *call) *reply {
	return f.onESIM(c, func(s *sim, _ *object) *reply {
		if !s.item.network {
			return f.refuseAs(c, http.StatusBadRequest, "NOT_SUPPORTED", "Network events are not available for this eSIM")
		}
		now := f.now()
		events := []flyEvent{}
		if s.installed() {
			for t := s.installedAt; !t.After(now); t = t.Add(6 * time.Hour) {
				if now.Sub(t) <= 7*24*time.Hour {
					events = append(events, flyEventAt(s, t))
				}
			}
		}
		slices.Reverse(events)
		return flyData("Network events retrieved",
			member{"iccid", encode(s.iccid)}, member{"total_events", encode(len(events))},
			member{"wrong_network_count", encode(0)}, member{"events", encode(events)})
	})
}

func flyEventAt(s *sim, t time.Time) flyEvent {
	at := atlas.Countries[s.item.members[0]]
	e := flyEvent{
		Time: t.UTC().Format("2006-01-02T15:04:05"), Event: "data_session", Request: "Update",
		Operator: at.Operator, MCC: at.MCC, MNC: at.MNC, Country: at.Name, ISO2: at.ISO, MSISDN: s.msisdn,
		APN: "plus", Type: "4G - LTE", Response: "9700: Success 100.00 Mb", Allowed: true,
	}
	if t.Equal(s.installedAt) {
		e.Event, e.Request, e.Response = "attach", "UL", ""
	}
	return e
}

type flyDay struct {
	Date string      `json:"date,omitempty"`
	MB   json.Number `json:"data_mb"`
	GB   json.Number `json:"data_gb"`
}

func flyAmount(bytes int64) flyDay { return flyDay{MB: inMB(bytes), GB: inGB(bytes)} }

// inMB is a number of megabytes with two decimals.
func inMB(bytes int64) json.Number { return json.Number(decimal(bytes * 100 / (1 << 20))) }

func (f *ESIMFly) postUsageReport(c *call) *reply {
	return f.onESIM(c, func(s *sim, o *object) *reply {
		days := int(o.integer("days", 7))
		if o.err != nil {
			return f.malformed(c, o.err)
		}
		if days < 1 || days > 90 {
			f.violate(c, "days out of range")
			return f.refuseAs(c, http.StatusBadRequest, "", "days must be between 1 and 90")
		}
		if !s.item.network {
			return f.refuseAs(c, http.StatusBadRequest, "NOT_SUPPORTED", "Usage reports are not available for this eSIM")
		}
		return f.report(s, days)
	}, "days")
}

func (f *ESIMFly) report(s *sim, days int) *reply {
	today := f.now().UTC().Truncate(24 * time.Hour)
	first := today.AddDate(0, 0, 1-days)
	daily := []flyDay{}
	var total int64
	dates := slices.SortedFunc(maps.Keys(s.daily), func(a, b string) int { return cmp.Compare(b, a) })
	for _, date := range dates {
		if strings.Compare(date, first.Format(time.DateOnly)) < 0 {
			continue
		}
		d := flyAmount(s.daily[date])
		d.Date = date
		daily = append(daily, d)
		total += s.daily[date]
	}
	sum, avg := flyAmount(total), flyAmount(total/int64(max(len(daily), 1)))
	at := atlas.Countries[s.item.members[0]]
	places := []map[string]any{}
	if total > 0 {
		places = append(places, map[string]any{
			"country": at.Name, "mcc": at.MCC, "data_mb": sum.MB, "data_gb": sum.GB,
			"operators": []map[string]any{{"operator": at.Operator, "mnc": at.MNC, "data_mb": sum.MB, "data_gb": sum.GB}},
		})
	}
	return flyData("Usage report retrieved",
		member{"iccid", encode(s.iccid)}, member{"period_days", encode(days)},
		member{"start_date", encode(iso(first))}, member{"end_date", encode(iso(today))},
		member{"summary", encode(map[string]any{"total_data_mb": sum.MB, "total_data_gb": sum.GB, "avg_daily_mb": avg.MB, "avg_daily_gb": avg.GB})},
		member{"daily_usage", encode(daily)}, member{"by_country", encode(places)})
}
