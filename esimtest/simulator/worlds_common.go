package simulator

import (
	"net/http"
	"time"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/esimtest"
)

const (
	rfc429  = `RFC 6585, section 4: "The 429 status code indicates that the user has sent too many requests in a given amount of time": such a request is turned away`
	rfcGzip = `RFC 9110, section 12.5.3: a coding that Accept-Encoding does not list is not acceptable`
)

// commonWorlds are those that every provider can have.
func commonWorlds(p esim.Provider) []World {
	list := namedFor(p, []World{
		{
			Name: "429-charged", Breaks: rfc429,
			Does: "The first purchase under a reference is charged, kept under it, and answered with 429.",
			set: func(r *rules) {
				r.failure = failure{
					attempts: 1, charges: true,
					answer: problem{status: http.StatusTooManyRequests, kind: esimtest.Fault429},
				}
			},
		},
		{
			Name: "gzip",
			Does: "Answers to purchases are compressed with gzip unless Accept-Encoding forbids it.",
			set:  func(r *rules) { r.gzip = gzipAccepted },
		},
		{
			Name: "gzip-always", Breaks: rfcGzip,
			Does: "Answers to purchases are compressed with gzip whatever Accept-Encoding says.",
			set:  func(r *rules) { r.gzip = gzipAlways },
		},
		{
			Name: "iccid-padded",
			Does: "ICCIDs have 19 digits and the F that fills up their last byte on the card.",
			set:  func(r *rules) { r.digits, r.cell = 19, padICCID },
		},
		{
			Name: "iccid-grouped",
			Does: "ICCIDs are written in groups of four digits.",
			set:  func(r *rules) { r.cell = groupICCID },
		},
		{
			Name: "code-spaced",
			Does: "White space surrounds activation codes.",
			set:  func(r *rules) { r.cell = spaceCode },
		},
		{
			Name: "code-linked",
			Does: "A link to install the eSIM stands in place of the activation code.",
			set:  func(r *rules) { r.cell = linkCode },
		},
		{
			Name: "code-v3",
			Does: "Activation codes carry the further fields of SGP.22 version 3.",
			set:  func(r *rules) { r.cell = extendCode },
		},
		{
			Name: "clock-ahead",
			Does: "The provider's clock is four minutes ahead.",
			set:  func(r *rules) { r.skew = 4 * time.Minute },
		},
		{
			Name: "clock-behind",
			Does: "The provider's clock is four minutes behind.",
			set:  func(r *rules) { r.skew = -4 * time.Minute },
		},
		{
			Name: "clock-far-ahead",
			Does: "The provider's clock is twenty minutes ahead.",
			set:  func(r *rules) { r.skew = 20 * time.Minute },
		},
		{
			Name: "clock-far-behind",
			Does: "The provider's clock is twenty minutes behind.",
			set:  func(r *rules) { r.skew = -20 * time.Minute },
		},
		{
			Name: "on-invoice",
			Does: "The account is on invoice: its balance reads 0, and it buys.",
			set:  func(r *rules) { r.invoice = true },
		},
		{
			Name: "on-invoice-owing",
			Does: "The account is on invoice: its balance reads what it owes, below zero, and it buys.",
			set:  func(r *rules) { r.invoice, r.owing = true, true },
		},
	})
	return append(list, webhookWorlds(p)...)
}
