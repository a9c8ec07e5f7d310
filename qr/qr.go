// Package qr draws the QR code that a traveller scans to install an eSIM.
//
//	code, err := qr.Encode(order.ESIMs[0].Activation)
//	if err != nil {
//		return err
//	}
//	picture, err := code.SVG(qr.SVGOptions{Title: "QR code of your eSIM"}) // for a page
//	picture, err := code.PNG(qr.PNGOptions{})                              // for a mail
//	err := code.WriteTerminal(os.Stdout, qr.TerminalOptions{})             // for a terminal
//
// Everything is drawn here, and nothing is fetched: a reseller's link to a
// picture of the code is never followed.
//
// A drawn code is the activation code in another alphabet, and so a bearer
// secret: whoever has a picture of it, a screenshot or a terminal log among
// them, can install the eSIM. Draw it where only the traveller looks, and serve
// it with Cache-Control: no-store.
package qr

import (
	"errors"
	"fmt"

	"rsc.io/qr"

	"github.com/esimkit/esim"
)

// Level is how much of a code may be damaged or covered before it can no longer
// be read. Each step makes the code larger.
type Level int

// The levels of ISO/IEC 18004. The zero value is LevelM.
const (
	LevelM Level = iota // 15 % may be lost: a screen, a sheet of paper
	LevelL              // 7 %: the smallest code, for a clean screen
	LevelQ              // 25 %: print that will be handled
	LevelH              // 30 %: a logo in the middle
)

// Option changes what [Encode] does.
type Option func(*options)

type options struct{ level Level }

// WithLevel sets the error correction level. The default is [LevelM].
func WithLevel(level Level) Option {
	return func(o *options) { o.level = level }
}

// Code is a QR code: a square of dark and light modules, without the quiet zone
// that has to surround it. It does not change and is safe for concurrent use.
// Printing or marshalling one shows none of its modules. The zero value is an
// empty square, which cannot be drawn; get a code from [Encode].
type Code struct {
	size   int
	dark   func(x, y int) bool // a closure: printers that walk fields see nothing of it
	secret esim.Secret         // the matching ID, which no title may tell
}

// Encode returns the QR code of an activation code: its LPA string, letter for
// letter. The error matches [esim.ErrInvalidRequest] for the zero code, for one
// that [esim.ParseActivationCode] would not read back (a phone would not
// either), for an unknown level, and for a code with a delete notification of
// more than about 2,900 characters, which no QR code has room for. It never
// holds the code. One that has no room at the level is drawn at the highest
// level below at which it has.
func Encode(code esim.ActivationCode, opts ...Option) (*Code, error) {
	if code.IsZero() {
		return nil, refuse(errors.New("no activation code: the eSIM may not be delivered yet"))
	}
	if err := readable(code); err != nil {
		return nil, refuse(err)
	}
	var o options
	for _, opt := range opts {
		opt(&o)
	}
	level, ok := map[Level]qr.Level{LevelL: qr.L, LevelM: qr.M, LevelQ: qr.Q, LevelH: qr.H}[o.level]
	if !ok {
		return nil, refuse(fmt.Errorf("unknown error correction level %d", o.level))
	}
	drawn, err := qr.Encode(code.LPA(), level)
	for err != nil && level > qr.L {
		level--
		drawn, err = qr.Encode(code.LPA(), level)
	}
	if err != nil {
		// The cause is left out, as the encoder quotes the text in some.
		return nil, refuse(errors.New("the activation code does not fit into a QR code"))
	}
	return &Code{size: drawn.Size, dark: drawn.Black, secret: esim.NewSecret(code.MatchingID)}, nil
}

// Size returns the number of modules along one side, quiet zone not included:
// 21, 25, 29 and so on.
func (c *Code) Size() int { return c.size }

// Dark reports whether the module in column x of row y is dark, counted from 0
// at the top left. Outside the code everything is light.
func (c *Code) Dark(x, y int) bool { return c.dark != nil && c.dark(x, y) }

func readable(code esim.ActivationCode) error {
	parsed, err := esim.ParseActivationCode(code.LPA())
	if err != nil {
		return err
	}
	if parsed != code {
		return errors.New("the activation code's fields run into one another")
	}
	return nil
}

func refuse(cause error) error {
	return fmt.Errorf("qr: %w: %w", esim.ErrInvalidRequest, cause)
}
