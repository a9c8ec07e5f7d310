package esimfly

import (
	"context"
	"net/url"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/adapter"
	"github.com/esimkit/esim/adapter/wire"
)

// volume is the data of an eSIM, in MB of 1048576 bytes.
type volume struct {
	Total     wire.Number `json:"total_mb"`
	Used      wire.Number `json:"used_mb"`
	Remaining wire.Number `json:"remaining_mb"`
	Unlimited bool        `json:"is_unlimited"`
}

type validity struct {
	ActivatedAt wire.Time `json:"activated_at"`
	ExpiresAt   wire.Time `json:"expires_at"`
}

// esimRow is an eSIM in the list of eSIMs.
type esimRow struct {
	ID           wire.Text `json:"id"`
	ICCID        wire.Text `json:"iccid"`
	PackageName  string    `json:"package_name"`
	PackageCode  wire.Text `json:"package_code"`
	Countries    []string  `json:"countries"` // names, unlike in the catalogue
	Status       wire.Text `json:"status"`
	SIMStatus    wire.Text `json:"sim_status"`
	ESIMStatus   wire.Text `json:"esim_status"`
	Profile      wire.Text `json:"profile_status"`
	IMSI         wire.Text `json:"imsi"`
	Phone        wire.Text `json:"phone_number"`
	CreatedAt    wire.Time `json:"created_at"`
	Data         volume    `json:"data"`
	Validity     validity  `json:"validity"`
	Installation struct {
		LPA wire.Text `json:"lpa_format"`
	} `json:"manual_installation"`
	Apple   wire.Text               `json:"direct_apple_installation_url"`
	Android wire.Text               `json:"direct_android_installation_url"`
	QR      wire.Lenient[wire.Text] `json:"qr_code"`
}

func (r *esimRow) put(e *esim.ESIM) {
	wire.PutActivation(e, r.Installation.LPA, r.Apple, r.Android, r.QR.Value)
}

func (r *esimRow) convert() esim.ESIM {
	e := esim.ESIM{
		ICCID: iccidOf(r.ICCID), ItemID: r.ID.String(),
		Status: esimStatus(r.Status, r.ESIMStatus), ProviderStatus: r.Status.String(),
		ExpiresAt: r.Validity.ExpiresAt.Time,
	}
	r.put(&e)
	return e
}

// GetESIM reads one eSIM, with its activation code, from the list of eSIMs
// (eSIMfly docs: api/esims), which has no call for a single one.
func (c *Client) GetESIM(ctx context.Context, iccid esim.ICCID) (_ *esim.ESIM, err error) {
	const op = "GetESIM"
	ctx, end := c.api.Operation(ctx, op)
	defer func() { end(err) }()
	check := c.api.Check(ctx, op)
	check.ICCID("ICCID", iccid)
	if err = check.Err(); err != nil {
		return nil, err
	}
	row, err := c.findESIM(ctx, op, iccid)
	if err != nil {
		return nil, err
	}
	found := row.convert()
	return &found, nil
}

// findESIM searches the list of eSIMs, and compares again: what the search
// matches is not documented.
func (c *Client) findESIM(ctx context.Context, op string, iccid esim.ICCID) (*esimRow, error) {
	call := get(op, "/esims", url.Values{"search": {string(iccid)}})
	for row, err := range list[esimRow](ctx, c, call, maxPageSize) {
		if err != nil {
			return nil, err
		}
		if iccidOf(row.ICCID) == iccid {
			return &row, nil
		}
	}
	return nil, c.api.Fail(op, esim.ErrNotFound, esim.OutcomeRejected, "no eSIM of this account has this ICCID")
}

// usageData is the stored usage of one eSIM.
type usageData struct {
	ESIM struct {
		ICCID  wire.Text `json:"iccid"`
		Status wire.Text `json:"status"`
	} `json:"esim"`
	Data     volume   `json:"data"`
	Validity validity `json:"validity"`
}

// complete refuses an answer without figures: it would read as used up.
func (u *usageData) complete() bool {
	return u.Data.Unlimited || u.Data.Total.Known() && u.Data.Used.Known() && u.Data.Remaining.Known()
}

// Usage reads how much data an eSIM has used, as eSIMfly has stored it
// (eSIMfly docs: api/esims-usage). Of an unlimited plan only what was used is
// told. [Client.LiveStatus] asks the carrier instead.
func (c *Client) Usage(ctx context.Context, iccid esim.ICCID) (_ *esim.Usage, err error) {
	const op = "Usage"
	ctx, end := c.api.Operation(ctx, op)
	defer func() { end(err) }()
	check := c.api.Check(ctx, op)
	check.ICCID("ICCID", iccid)
	if err = check.Err(); err != nil {
		return nil, err
	}
	data, err := c.usage(ctx, get(op, "", nil), iccid)
	if err != nil {
		return nil, err
	}
	return data.convert(iccid), nil
}

// usage reads the usage of an eSIM for the operation of the call.
func (c *Client) usage(ctx context.Context, call adapter.Call, iccid esim.ICCID) (*usageData, error) {
	call.Path, call.Query = "/esims/usage/query", url.Values{"iccid": {string(iccid)}}
	data, err := fetch[usageData](ctx, c, call)
	if err != nil {
		return nil, err
	}
	if got := iccidOf(data.ESIM.ICCID); got != "" && got != iccid {
		return nil, c.malformed(call.Op, "the answer is about another eSIM")
	}
	return data, nil
}

func (u *usageData) convert(iccid esim.ICCID) *esim.Usage {
	return usage(iccid, esimStatus(u.ESIM.Status, ""), u.Data, u.Validity)
}

func usage(iccid esim.ICCID, status esim.ESIMStatus, v volume, d validity) *esim.Usage {
	u := &esim.Usage{
		ICCID: iccid, Status: status, Used: v.Used.Size(esim.MiB), Unlimited: v.Unlimited,
		ActivatedAt: d.ActivatedAt.Time, ExpiresAt: d.ExpiresAt.Time,
	}
	if !v.Unlimited { // 0 otherwise, which does not mean used up
		u.Total, u.Remaining = v.Total.Size(esim.MiB), v.Remaining.Size(esim.MiB)
	}
	return u
}
