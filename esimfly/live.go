package esimfly

import (
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
	Unlimited  bool      `json:"unlimited"`
	Network    place     `json:"last_network"`
	Device     struct {
		Model wire.Text `json:"model"`
		IMEI  wire.Text `json:"imei"`
	} `json:"device"`
	ActivatedAt wire.Time `json:"activation_date"`
	LastUsedAt  wire.Time `json:"last_usage_date"`
	ExpiresAt   wire.Time `json:"expiry_date"`
	Usage       struct {
		Used      wire.Number `json:"used_gb"`
		Total     wire.Number `json:"total_gb"`
		Unlimited bool        `json:"unlimited"`
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
	where := country(p.ISO2)
	if where == "" {
		where = country(p.Country)
	}
	return esim.Network{
		Country: where, Name: p.Operator.String(), MCC: p.MCC.String(), MNC: p.MNC.String(),
		Technology: p.Connection.String(),
	}
}

// LiveStatus asks the carrier for the state of an eSIM (eSIMfly docs:
// api/esim-status). It is slow; eSIMfly wants it called about once a minute
// for an eSIM, at most. An unreachable carrier is [esim.ErrUnavailable].
func (c *Client) LiveStatus(ctx context.Context, iccid esim.ICCID) (_ *LiveStatus, err error) {
	const op = "LiveStatus"
	ctx, end := c.api.Operation(ctx, op)
	defer func() { end(err) }()
	d, err := diagnose[liveData](ctx, c, op, "/esims/status", iccid, iccidBody{iccid})
	if err != nil {
		return nil, err
	}
	s := &LiveStatus{
		ICCID: iccid, Status: esimStatus(d.Status, d.ESIMStatus), ProviderStatus: d.Status.String(),
		NetworkStatus: d.ESIMStatus.String(), SMDPStatus: d.SMDP.String(), Profile: d.Profile.String(),
		LastNetwork: d.Network.network(), ConnectionType: d.Network.Connection.String(),
		DeviceModel: d.Device.Model.String(), IMEI: d.Device.IMEI.String(),
		ActivatedAt: d.ActivatedAt.Time, LastUsedAt: d.LastUsedAt.Time, ExpiresAt: d.ExpiresAt.Time,
		Used: d.Usage.Used.Size(esim.GiB), Unlimited: d.Unlimited || d.Usage.Unlimited,
	}
	if d.Usage.Total.Known() && !s.Unlimited {
		s.Total = new(d.Usage.Total.Size(esim.GiB))
	}
	return s, nil
}

// diagnose asks about one eSIM. It is a POST that changes nothing, and may
// take long, for the carrier is asked.
func diagnose[T any](ctx context.Context, c *Client, op, path string, iccid esim.ICCID, body any) (*T, error) {
	check := c.api.Check(ctx, op)
	check.ICCID("ICCID", iccid)
	if err := check.Err(); err != nil {
		return nil, err
	}
	call, err := c.post(op, path, adapter.Read, body)
	if err != nil {
		return nil, err
	}
	call.Timeout = slow
	return fetch[T](ctx, c, call)
}
