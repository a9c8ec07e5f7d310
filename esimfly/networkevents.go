package esimfly

import (
	"context"
	"time"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/adapter/wire"
)

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
		Time     wire.Time `json:"time"`
		Type     wire.Text `json:"event_type"`
		Request  wire.Text `json:"req_type"`
		MSISDN   wire.Text `json:"msisdn"`
		APN      wire.Text `json:"apn"`
		Response wire.Text `json:"data_response"`
		Allowed  *bool     `json:"is_allowed"`
	} `json:"events"`
}

// NetworkEvents reads the network events of an eSIM (eSIMfly docs:
// api/network-events). Where the network tells none the error is of kind
// [esim.ErrNotEligible].
func (c *Client) NetworkEvents(ctx context.Context, iccid esim.ICCID) (_ *NetworkEvents, err error) {
	const op = "NetworkEvents"
	ctx, end := c.api.Operation(ctx, op)
	defer func() { end(err) }()
	d, err := diagnose[eventsData](ctx, c, op, "/esims/network-events", iccid, iccidBody{iccid})
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
