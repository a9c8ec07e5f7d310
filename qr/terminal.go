package qr

import (
	"fmt"
	"io"
	"strings"
)

// TerminalStyle is how a code is brought onto a terminal. Scanners expect dark
// modules on a light ground; which characters give that depends on the
// terminal's colours, unless the text sets them itself.
type TerminalStyle int

const (
	// StyleDark is plain text for terminals with light letters on a dark
	// ground, which most are: the light modules are inked. The zero value.
	StyleDark TerminalStyle = iota
	// StyleLight is plain text for dark letters on a light ground, and for
	// mail and other text that ends up on paper or a white page.
	StyleLight
	// StyleANSI sets black on white with escape sequences, and so can be
	// scanned whatever the terminal's colours are. Not for output that is no
	// terminal.
	StyleANSI
)

// TerminalOptions are the choices of [Code.WriteTerminal]. The zero value is
// plain text for a dark terminal with the quiet zone of the standard.
type TerminalOptions struct {
	// Style is chosen by the caller, since only the caller knows whether its
	// writer is a terminal, and of which colours.
	Style TerminalStyle

	// QuietZone is the width of the light frame in modules; 0 = 4, as the
	// standard has it. 2 and 3 save lines where the terminal is small, and good
	// scanners do with them. Less than 2 or more than 16 is refused.
	QuietZone int
}

// WriteTerminal draws the code in block characters, two modules to a character,
// one line for two rows. An activation code of 57 characters takes 41 columns and
// 21 lines. The text holds no tabs and ends with a line feed; it is handed to w in one Write.
// Errors are w's, or match [esim.ErrInvalidRequest].
func (c *Code) WriteTerminal(w io.Writer, o TerminalOptions) error {
	quiet, err := c.quietZone(o.QuietZone)
	if err != nil {
		return err
	}
	o.QuietZone = quiet
	if o.Style < StyleDark || o.Style > StyleANSI {
		return refuse(fmt.Errorf("unknown terminal style %d", o.Style))
	}
	_, err = io.WriteString(w, c.terminal(o))
	return err
}

// Black and white of the colour cube, which themes leave alone, unlike the
// sixteen named colours.
const (
	ansiBlackOnWhite = "\x1b[38;5;16;48;5;231m"
	ansiReset        = "\x1b[0m"
)

func (c *Code) terminal(o TerminalOptions) string {
	// Indexed by the upper module's ink and twice the lower one's.
	blocks := [4]string{" ", "▀", "▄", "█"}
	before, after := "", "\n"
	if o.Style == StyleANSI {
		before, after = ansiBlackOnWhite, ansiReset+"\n"
	}
	inkDark := o.Style != StyleDark
	ink := func(x, y int) int {
		if c.Dark(x, y) == inkDark {
			return 1
		}
		return 0
	}
	var b strings.Builder
	// A code has an odd number of rows, so the last line's lower half lies
	// below the quiet zone and is light like it.
	for y := -o.QuietZone; y < c.size+o.QuietZone; y += 2 {
		b.WriteString(before)
		for x := -o.QuietZone; x < c.size+o.QuietZone; x++ {
			b.WriteString(blocks[ink(x, y)|ink(x, y+1)<<1])
		}
		b.WriteString(after)
	}
	return b.String()
}
