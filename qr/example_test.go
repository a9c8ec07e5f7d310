package qr_test

import (
	"bytes"
	"fmt"
	"image/png"
	"os"
	"strings"

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

func ExampleCode_SVG() {
	activation, err := esim.ParseActivationCode("LPA:1$smdp.example.com$K2-7QX0-B9ZTR")
	if err != nil {
		fmt.Println(err)
		return
	}
	code, err := qr.Encode(activation, qr.WithLevel(qr.LevelQ)) // for print that will be handled
	if err != nil {
		fmt.Println(err)
		return
	}
	picture, err := code.SVG(qr.SVGOptions{Title: "QR code of your eSIM", Size: 280})
	if err != nil {
		fmt.Println(err)
		return
	}
	// In a page: {{.Picture}}, with template.HTML(picture). Only its beginning
	// is shown here.
	head, _, _ := strings.Cut(string(picture), "<rect")
	fmt.Println(head)
	// Output:
	// <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 328 328" width="280" height="280" role="img" shape-rendering="crispEdges"><title>QR code of your eSIM</title>
}

func ExampleCode_PNG() {
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
	data, err := code.PNG(qr.PNGOptions{Size: 400})
	if err != nil {
		fmt.Println(err)
		return
	}
	picture, err := png.DecodeConfig(bytes.NewReader(data)) // or as an attachment of a mail
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(picture.Width, "by", picture.Height, "pixels")
	// Output: 400 by 400 pixels
}
