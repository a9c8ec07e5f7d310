package simulator

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/esimkit/esim/esimtest/internal/atlas"
)

// flyState is the words eSIMfly has for the state of an eSIM.
type flyState struct {
	status  string // in lists, usage and webhooks
	order   string // in orders
	sim     string
	esim    string
	profile *string
	live    string // "profile" of the live status
}

func flyWords(s *sim, now time.Time) flyState {
	b := s.bundles[0]
	full := !b.unlimited && b.used >= b.bytes
	over := !b.expiresAt.IsZero() && !now.Before(b.expiresAt)
	installed := func(status, esim string) flyState {
		return flyState{status, status, "AFFECTED", esim, new("Enable"), "Enabled"}
	}
	switch {
	case s.cancelled:
		return flyState{"CANCELLED", "Cancelled", "FREE", "Not Active", nil, "Not Installed"}
	case !s.installed():
		return flyState{"NEW", "New", "AFFECTED", "Assigned (Not Installed)", nil, "Not Installed"}
	case full && over:
		return installed("USED_EXPIRED", "Not Active")
	case over:
		return installed("EXPIRED", "Not Active")
	case full:
		return installed("DEPLETED", "Not Active")
	case s.suspended:
		return installed("ACTIVE", "Disconnected")
	}
	return installed("ACTIVE", "Active")
}

// find is the account's delivered eSIM with that ICCID, up to date.
func (f *ESIMFly) find(c *call, iccid string) *sim {
	if strings.HasPrefix(iccid, "PENDING") {
		f.violate(c, "a pending placeholder was sent as an ICCID")
	}
	s, now := f.byICCID[f.rules.canonicalICCID(iccid)], f.now()
	if s == nil || !s.delivered(now) {
		return nil
	}
	f.refresh(s, now)
	return s
}

// toppable is the documented rule: NEW ones only from the own network.
func (f *ESIMFly) toppable(s *sim) bool {
	switch flyWords(s, f.now()).status {
	case "ACTIVE", "DEPLETED", "USED_EXPIRED":
		return true
	case "NEW":
		return s.item.network
	}
	return false
}

type flyUsage struct {
	TotalMB     int64       `json:"total_mb"`
	UsedMB      int64       `json:"used_mb"`
	RemainingMB int64       `json:"remaining_mb"`
	Percentage  json.Number `json:"usage_percentage"`
	Unlimited   bool        `json:"is_unlimited"`
}

type flyValidity struct {
	Days      int     `json:"days"`
	Activated *string `json:"activated_at"`
	Expires   *string `json:"expires_at"`
	Expired   bool    `json:"is_expired"`
}

func flyUse(s *sim) flyUsage {
	b := s.bundles[0]
	if b.unlimited {
		return flyUsage{UsedMB: b.used >> 20, Percentage: "0", Unlimited: true}
	}
	return flyUsage{
		TotalMB: b.bytes >> 20, UsedMB: b.used >> 20, RemainingMB: (b.bytes - b.used) >> 20,
		Percentage: json.Number(decimal(b.used * 10_000 / b.bytes)),
	}
}

func flyValid(s *sim, now time.Time) flyValidity {
	b := s.bundles[0]
	return flyValidity{b.days, isoOrNull(b.activatedAt), isoOrNull(b.expiresAt), !b.expiresAt.IsZero() && !now.Before(b.expiresAt)}
}

type flyESIMRow struct {
	ID        int64       `json:"id"`
	ICCID     string      `json:"iccid"`
	Name      string      `json:"package_name"`
	Code      string      `json:"package_code"`
	Countries []string    `json:"countries"`
	Status    string      `json:"status"`
	Data      flyUsage    `json:"data"`
	Validity  flyValidity `json:"validity"`
	QR        string      `json:"qr_code"`
	QRBase64  string      `json:"qr_code_base64,omitempty"`
	Manual    flyManual   `json:"manual_installation"`
	Apple     string      `json:"direct_apple_installation_url"`
	Android   string      `json:"direct_android_installation_url"`
	Flag      string      `json:"flag_url"`
	Created   string      `json:"created_at"`
	Pending   bool        `json:"is_pending"`
	Phone     *string     `json:"phone_number"`
	IMSI      string      `json:"imsi"`
	SIM       string      `json:"sim_status"`
	ESIM      string      `json:"esim_status"`
	Profile   *string     `json:"profile_status"`
}

type flyManual struct {
	SMDP string `json:"smdp_address"`
	Code string `json:"activation_code"`
	LPA  string `json:"lpa_format"`
}

func (f *ESIMFly) getESIMs(c *call) *reply {
	p, refusal := f.paging(c, 20)
	if refusal != nil {
		return refusal
	}
	status, search := strings.ToUpper(c.param("status")), strings.ToLower(f.rules.canonicalICCID(c.param("search")))
	f.mu.Lock()
	defer f.mu.Unlock()
	now := f.now()
	var list []*sim
	for _, s := range slices.Backward(f.searched(search)) {
		if !s.delivered(now) {
			continue
		}
		f.refresh(s, now)
		if f.listed(s, status, search, now) {
			list = append(list, s)
		}
	}
	p.Total = len(list)
	rows := [][]byte{}
	for i := range p.slice() {
		rows = append(rows, encode(flyRow(list[i], now, c.param("include_base64") == "true")))
	}
	return flyPage("esims", rows, p)
}

// searched is the eSIMs that may match a search: one, if it is a whole ICCID.
func (f *ESIMFly) searched(words string) []*sim {
	if s := f.byICCID[words]; s != nil {
		return []*sim{s}
	}
	return f.esims
}

func (f *ESIMFly) listed(s *sim, status, search string, now time.Time) bool {
	word := flyWords(s, now).status
	if status != "" && status != "ALL" && status != word && (status != "EXPIRED" || word != "USED_EXPIRED") {
		return false
	}
	return slices.ContainsFunc([]string{s.iccid, s.item.name, s.item.id}, func(t string) bool {
		return strings.Contains(strings.ToLower(t), search)
	})
}

func flyRow(s *sim, now time.Time, image bool) flyESIMRow {
	w := flyWords(s, now)
	r := flyESIMRow{
		ID: flyESIMID(s), ICCID: s.iccid, Name: s.item.name, Code: s.item.id, Status: w.status,
		Data: flyUse(s), Validity: flyValid(s, now), QR: s.qrURL(), Manual: flyManual{s.smdp, s.matchingID, s.lpa()},
		Apple: s.appleURL(), Android: s.androidURL(), Created: iso(s.createdAt), IMSI: s.imsi,
		SIM: w.sim, ESIM: w.esim, Profile: w.profile,
		Flag: "/images/flags/" + strings.ToLower(atlas.Countries[s.item.members[0]].ISO) + ".png",
	}
	for _, m := range s.item.members {
		r.Countries = append(r.Countries, atlas.Countries[m].Name)
	}
	if image {
		r.QRBase64 = tinyPNG
	}
	if s.item.carrier != "" {
		r.Phone = new("+" + s.msisdn)
	}
	return r
}

// getUsage shows the stored usage of one eSIM, named by its ICCID or order.
func (f *ESIMFly) getUsage(c *call) *reply {
	iccid, ref := c.param("iccid"), c.param("order_id")
	if (iccid == "") == (ref == "") {
		f.violate(c, "not exactly one of iccid and order_id")
		return f.refuseAs(c, http.StatusBadRequest, "", "Either iccid or order_id is required")
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if o := f.byRef[ref]; o != nil && len(o.sims) > 0 {
		iccid = o.sims[0].iccid
	}
	s := f.find(c, iccid)
	if s == nil {
		return f.refuseAs(c, http.StatusNotFound, "", "eSIM not found")
	}
	now := f.now()
	return flyData("",
		member{"esim", join([]member{
			{"iccid", encode(s.iccid)},
			{"order_id", encode(s.order)},
			{"package_name", encode(s.item.name)},
			{"status", encode(flyWords(s, now).status)},
		})},
		member{"data", encode(flyUse(s))}, member{"validity", encode(flyValid(s, now))})
}
