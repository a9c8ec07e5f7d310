package main

import (
	"fmt"
	"io"
	"os"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/qr"
)

// handOver shows what the traveller gets. The activation code prints masked;
// only the QR code, on purpose, reveals it.
func handOver(w io.Writer, order *esim.Order) error {
	announce(w, order)
	for _, e := range order.ESIMs {
		if e.Unreadable() { // paid for: a person reads e.RawActivation, and the traveller waits
			fmt.Fprintln(w, "    The code of this eSIM is in no known form. Our support has it and sends it to you.")
			continue
		}
		code, err := qr.Encode(e.Activation)
		if err != nil {
			return err
		}
		if err := code.WriteTerminal(w, qr.TerminalOptions{Style: styleFor(w)}); err != nil {
			return err
		}
	}
	return nil
}

// styleFor sets colours where w is a terminal, so that a phone can scan the code
// whatever the terminal's own colours are.
func styleFor(w io.Writer) qr.TerminalStyle {
	if f, ok := w.(*os.File); ok {
		if info, err := f.Stat(); err == nil && info.Mode()&os.ModeCharDevice != 0 {
			return qr.StyleANSI
		}
	}
	return qr.StyleDark
}

func announce(w io.Writer, order *esim.Order) {
	fmt.Fprintf(w, "  %s: order %s is %s", order.Provider, or(order.ID, order.Reference), order.Status)
	if order.Total.Currency() != "" {
		fmt.Fprintf(w, ", %s charged", order.Total)
	}
	fmt.Fprintln(w)
	for _, e := range order.ESIMs {
		fmt.Fprintf(w, "    eSIM %s  %s\n", or(string(e.ICCID), "to come, unit "+e.ItemID), e.Activation)
	}
}

func or(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}
