package qr

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"image/color"
	"strconv"
	"strings"
)

// SVGOptions are the choices of [Code.SVG]. The zero value is black on white,
// with the quiet zone of the standard, as large as the page makes it.
type SVGOptions struct {
	// QuietZone is the width of the light frame in modules; 0 = 4, as the
	// standard has it. Less than 2 or more than 16 is refused.
	QuietZone int

	// Size is the width and height of the picture in CSS pixels, at most 2048;
	// 0 = none stated, so that the style sheet decides, or the space there is.
	// On a screen 300 is a good one.
	Size int

	// Title is what a screen reader says and a browser shows beside the
	// pointer; "" = "QR code". A title that holds the matching ID is refused.
	Title string

	// Dark and Light are the colours of the modules and of the ground below
	// and around them; nil = black and white. Both must be opaque, and Dark
	// darker than Light by half of what lies between black and white, as
	// scanners see it (the luma of ITU-R BT.601): many cannot read a light code
	// on a dark ground, and few a pale one.
	Dark, Light color.Color

	// CurrentColor draws the modules in the CSS keyword currentColor, so that a
	// rule for the picture itself, such as .qr { color: navy }, may colour
	// them. The picture states Dark as its own colour, and so the light letters
	// of a page in dark mode do not reach it by inheritance. It works only in
	// an SVG inside the page, not in an <img>.
	CurrentColor bool
}

// unit is the side of a module in the coordinates of the picture. A module could
// be 1, but some renderers (ImageMagick's own among them) take the coordinates
// for pixels whatever the size, and then draw modules too small to scan.
const unit = standardModule

// leastContrast between dark and light, in thousandths of white.
const leastContrast = 500

// SVG returns the code as an SVG document of one path on one rectangle, with
// no script, no style, no id and no link, so that it can stand in an HTML page
// as it is, under the strictest Content-Security-Policy and more than once.
// The ground is always drawn: in dark mode too the code is dark on light. The
// same code and options give the same bytes.
//
// Errors match [esim.ErrInvalidRequest] and hold nothing of the title.
func (c *Code) SVG(o SVGOptions) ([]byte, error) {
	quiet, err := c.quietZone(o.QuietZone)
	if err != nil {
		return nil, err
	}
	if o.Size < 0 || o.Size > mostPixels {
		return nil, refuse(fmt.Errorf("size of %d pixels is not within 0 to %d", o.Size, mostPixels))
	}
	dark, light, err := o.colours()
	if err != nil {
		return nil, err
	}
	title, err := c.title(o.Title)
	if err != nil {
		return nil, err
	}
	side := unit * (c.size + 2*quiet)
	var out bytes.Buffer
	fmt.Fprintf(&out, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d"`, side, side)
	if o.Size > 0 {
		fmt.Fprintf(&out, ` width="%d" height="%d"`, o.Size, o.Size)
	}
	fill := dark
	if o.CurrentColor {
		fmt.Fprintf(&out, ` color="%s"`, dark)
		fill = "currentColor"
	}
	fmt.Fprintf(&out, ` role="img" shape-rendering="crispEdges"><title>%s</title>`, title)
	fmt.Fprintf(&out, `<rect width="%d" height="%d" fill="%s"/>`, side, side, light)
	fmt.Fprintf(&out, `<path fill="%s" d="`, fill)
	c.path(&out, quiet)
	out.WriteString(`"/></svg>`)
	return out.Bytes(), nil
}

// path writes one rectangle for each run of dark modules in a row.
func (c *Code) path(out *bytes.Buffer, quiet int) {
	var number [20]byte
	write := func(command byte, n int) {
		out.WriteByte(command)
		out.Write(strconv.AppendInt(number[:0], int64(n), 10))
	}
	for y := range c.size {
		for x := 0; x < c.size; x++ {
			start := x
			for c.Dark(x, y) {
				x++
			}
			if x == start {
				continue
			}
			write('M', unit*(start+quiet))
			write(' ', unit*(y+quiet))
			write('h', unit*(x-start))
			write('v', unit)
			write('h', unit*(start-x))
			out.WriteByte('z')
		}
	}
}

func (c *Code) title(asked string) (string, error) {
	if asked == "" {
		return "QR code", nil
	}
	if id := c.secret.Reveal(); id != "" && strings.Contains(strings.ToLower(asked), strings.ToLower(id)) {
		return "", refuse(errors.New("the title holds the matching ID, which is secret"))
	}
	var text strings.Builder
	if err := xml.EscapeText(&text, []byte(asked)); err != nil {
		return "", refuse(errors.New("the title cannot be written")) // cannot happen: a Builder takes everything
	}
	return text.String(), nil
}

func (o SVGOptions) colours() (dark, light string, err error) {
	darkTone, lightTone := color.Color(color.Black), color.Color(color.White)
	if o.Dark != nil {
		darkTone = o.Dark
	}
	if o.Light != nil {
		lightTone = o.Light
	}
	dark, darkLuma, darkOpaque := tone(darkTone)
	light, lightLuma, lightOpaque := tone(lightTone)
	if !darkOpaque || !lightOpaque {
		return "", "", refuse(errors.New("colours must be opaque, for what is behind the picture is not known"))
	}
	if lightLuma < darkLuma+leastContrast {
		return "", "", refuse(fmt.Errorf("colours %s on %s are not dark on light, or too much alike to scan", dark, light))
	}
	return dark, light, nil
}
