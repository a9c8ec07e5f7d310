package esimfly

import (
	"context"
	"time"

	"github.com/esimkit/esim"
)

// Preimage is what eSIMfly shows of an eSIM before a top-up. Since a top-up
// has no key, the change against its pre-image is the only trace of one whose
// answer was lost. It has a stable JSON form and is meant to be stored, before
// the top-up is sent, by whoever must find out after a restart.
type Preimage struct {
	ICCID     esim.ICCID    `json:"iccid"`
	TakenAt   time.Time     `json:"taken_at"`
	Total     esim.DataSize `json:"total"`
	Unlimited bool          `json:"unlimited,omitzero"`
	ExpiresAt time.Time     `json:"expires_at,omitzero"`
}

// TopUpPreimage reads the pre-image of an eSIM. It spends nothing.
func (c *Client) TopUpPreimage(ctx context.Context, iccid esim.ICCID) (Preimage, error) {
	now, err := c.Usage(ctx, iccid)
	if err != nil {
		return Preimage{}, err
	}
	return preimage(now, c.api.Now()), nil
}

func preimage(u *esim.Usage, at time.Time) Preimage {
	return Preimage{ICCID: u.ICCID, TakenAt: at.UTC(), Total: u.Total, Unlimited: u.Unlimited, ExpiresAt: u.ExpiresAt}
}

// Grown reports whether the eSIM has gained at least the data of a package
// since; added 0 stands for a package of unknown size. For an unlimited plan
// it is a later expiry that counts, unless there was none before: a first
// use sets one too (eSIMfly docs: llm text of topup-order).
//
// It is proof of a top-up only if no other one of this eSIM was sent since.
// False is proof of nothing, for eSIMfly's figures may be late.
func (p Preimage) Grown(after *esim.Usage, added esim.DataSize) bool {
	switch {
	case after.ICCID != p.ICCID:
		return false
	case p.Unlimited:
		return !p.ExpiresAt.IsZero() && after.ExpiresAt.After(p.ExpiresAt)
	case after.Unlimited:
		return true
	}
	return after.Total-p.Total >= max(added, 1)
}
