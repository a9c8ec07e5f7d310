package esimfx

import (
	"context"
	"errors"
	"net/http"
	"net/url"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/adapter"
	"github.com/esimkit/esim/adapter/wire"
)

// esimData is an eSIM in the answer to an order or to get_esim_status.
type esimData struct {
	ICCID  wire.Text                `json:"iccid"`
	QR     wire.Text                `json:"esim_qr"` // the LPA string
	Status wire.Optional[wire.Text] `json:"status"`
}

func (d esimData) complete() bool { return d.ICCID != "" }

// convert also says what keeps the eSIM from being installed, nil for nothing.
// A code that cannot be read is kept as it came.
func (d *esimData) convert() (esim.ESIM, error) {
	out := esim.ESIM{ICCID: d.ICCID.ICCID(), Status: statusOf(d.Status.Value), ProviderStatus: string(d.Status.Value)}
	wire.PutActivation(&out, d.QR)
	switch _, err := esim.ParseICCID(string(out.ICCID)); {
	case err != nil:
		return out, errors.New("the ICCID is missing or not 18 to 22 digits")
	case out.Unreadable():
		return out, errors.New("the activation code cannot be read")
	case out.Activation.IsZero():
		return out, errors.New("the activation code is missing")
	}
	return out, nil
}

// statusOf maps the states of an eSIM (eSIMfx docs: get_esim_status, and
// Project Context, section 5), which are written in mixed case. ALLOCATED has
// been seen too; nobody says what it means.
func statusOf(word wire.Text) esim.ESIMStatus {
	switch word.Upper() {
	case "PROVISIONED":
		return esim.ESIMNew
	case "INSTALLED":
		return esim.ESIMInstalled
	case "ACTIVE":
		return esim.ESIMActive
	case "EXPIRED":
		return esim.ESIMExpired
	case "BLOCKED", "DEACTIVATED":
		return esim.ESIMBlocked
	}
	return esim.ESIMUnknown
}

// GetESIM reads one eSIM and its activation code (eSIMfx docs: Project
// Context, flow G). A code in a form that is not known is in RawActivation.
func (c *Client) GetESIM(ctx context.Context, iccid esim.ICCID) (_ *esim.ESIM, err error) {
	ctx, end := c.api.Operation(ctx, "GetESIM")
	defer func() { end(err) }()
	check := c.api.Check(ctx, "GetESIM")
	check.ICCID("ICCID", iccid)
	if err = check.Err(); err != nil {
		return nil, err
	}
	return c.profile(ctx, "GetESIM", iccid)
}

func (c *Client) profile(ctx context.Context, op string, iccid esim.ICCID) (*esim.ESIM, error) {
	data, err := fetch[esimData](ctx, c.api, adapter.Call{
		Op: op, Method: http.MethodGet, Path: "/order/api/v1/get_esim_status",
		Query: url.Values{"iccid": {string(iccid)}}, Safety: adapter.Read,
	})
	if err != nil {
		return nil, err
	}
	if data.ICCID.ICCID() != iccid {
		return nil, c.malformed(op, "the answer is about another eSIM")
	}
	profile, _ := data.convert() // what cannot be installed can still be read and topped up
	return &profile, nil
}
