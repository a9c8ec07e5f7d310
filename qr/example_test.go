package qr_test

import (
	"fmt"
	"os"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/qr"
)

func ExampleCode_WriteTerminal() {
	activation, err := esim.ParseActivationCode("LPA:1$smdp.example.com$K2-7QX0-B9ZTR")
	if err != nil {
		fmt.Println(err)
		return
	}
	code, err := qr.Encode(activation)
	if err != nil {
		fmt.Println(err)
		return
	}
	// Plain text for a dark terminal. With StyleANSI any terminal will do.
	if err := code.WriteTerminal(os.Stdout, qr.TerminalOptions{}); err != nil {
		fmt.Println(err)
	}
	// Output:
	// █████████████████████████████████████
	// █████████████████████████████████████
	// ████ ▄▄▄▄▄ █▀ ███▄ ▀▄▀   █ ▄▄▄▄▄ ████
	// ████ █   █ ███▀ ▀    ▀ ███ █   █ ████
	// ████ █▄▄▄█ █▄▄ ▀ ▀▄▀█▄▄ ▀█ █▄▄▄█ ████
	// ████▄▄▄▄▄▄▄█▄▀▄▀▄▀ ▀ ▀ █ █▄▄▄▄▄▄▄████
	// ████▄█▄█▄█▄█▀  ▀██ ▀▀  ▄ █▀█▄▀▀▄▀████
	// ████▀▄█▄▄▀▄▀███▄▄▄██▄ ▄██▀█▄▄▀██▄████
	// ████ ▀ ▀  ▄ █  ▄█▀█ ▀▄▄█   ██ █▀▄████
	// ████ ▀▄▄▀ ▄      ▀ ▀█▀▀█ █▄█▀ ▄ ▄████
	// ██████ ███▄█▄█▀█ █ ▄█  ▄▄  ▀████▄████
	// ████▄▀ ▄▀▄▄ ▀▀▀█ ▄██▄ ▀▀▀▄█▀▄█▄ ▄████
	// ████▄██▄█▄▄█ █ █▄▀█▀ ▀▀▀ ▄▄▄  █ █████
	// ████ ▄▄▄▄▄ ██▀ █▀▀ ▀▀▀ ▄ █▄█ ▄█ ▄████
	// ████ █   █ █▄▄▄▀▀▀ ▄▄█▀▀▄▄▄▄ █▀  ████
	// ████ █▄▄▄█ █▄  ▀▄▀█▀▄▀▄ ▀ █ ▄▄▄▀▄████
	// ████▄▄▄▄▄▄▄█▄█▄▄▄▄███▄▄▄▄█▄▄▄██▄▄████
	// █████████████████████████████████████
	// █████████████████████████████████████
}
