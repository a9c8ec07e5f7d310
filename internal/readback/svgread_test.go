package readback_test

import (
	"encoding/xml"
	"fmt"
	"image"
	"image/color"
	"strconv"
	"strings"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// drawing is an SVG of a code as a reader that knows only what SVG says of its
// elements sees it.
type drawing struct {
	ViewBox string `xml:"viewBox,attr"`
	Width   string `xml:"width,attr"`
	Height  string `xml:"height,attr"`
	Color   string `xml:"color,attr"`
	Role    string `xml:"role,attr"`
	Title   string `xml:"title"`
	Rect    struct {
		Width  int    `xml:"width,attr"`
		Height int    `xml:"height,attr"`
		Fill   string `xml:"fill,attr"`
	} `xml:"rect"`
	Path struct {
		Fill string `xml:"fill,attr"`
		D    string `xml:"d,attr"`
	} `xml:"path"`
}

func parseSVG(tb rapid.TB, text []byte) drawing {
	tb.Helper()
	var d drawing
	require.NoError(tb, xml.Unmarshal(text, &d))
	return d
}

const unit = 8 // coordinates a module

// modules follows the path with a pen, as SVG 1.1 section 8.3 has it, and
// returns what it encloses. Only rectangles may be in there.
func (d drawing) modules(tb rapid.TB) [][]bool {
	tb.Helper()
	var left, top, width, height int
	_, err := fmt.Sscanf(d.ViewBox, "%d %d %d %d", &left, &top, &width, &height)
	require.NoError(tb, err)
	require.Equal(tb, [4]int{0, 0, d.Rect.Width, d.Rect.Height}, [4]int{left, top, width, height}, "the ground covers everything")
	require.Zero(tb, width%unit)
	rows := make([][]bool, height/unit)
	for y := range rows {
		rows[y] = make([]bool, width/unit)
	}
	var x, y, right, bottom, startX, startY int
	path := d.Path.D
	number := func() int {
		end := strings.IndexFunc(path, func(r rune) bool { return r != '-' && (r < '0' || r > '9') })
		n, err := strconv.Atoi(path[:end])
		path = path[end:]
		if err != nil || n%unit != 0 { // not require: it is slow, and this is asked a lot
			tb.Fatalf("number %d: %v", n, err)
		}
		return n / unit
	}
	for path != "" {
		command := path[0]
		path = path[1:]
		switch command {
		case 'M':
			x = number()
			path = strings.TrimPrefix(path, " ")
			y = number()
			startX, startY, right, bottom = x, y, x, y
		case 'h':
			x += number()
			right = max(right, x)
		case 'v':
			y += number()
			bottom = max(bottom, y)
		case 'z':
			if x != startX {
				tb.Fatalf("closed by a line from %d to %d, not along the left side", x, startX)
			}
			for row := startY; row < bottom; row++ {
				for column := startX; column < right; column++ {
					if rows[row][column] {
						tb.Fatalf("module %d,%d painted twice", column, row)
					}
					rows[row][column] = true
				}
			}
		default:
			tb.Fatalf("command %q", command)
		}
	}
	return rows
}

// paint returns the drawing as a picture, every module scale pixels wide.
func (d drawing) paint(tb rapid.TB, scale int) image.Image {
	tb.Helper()
	rows := d.modules(tb)
	ink := d.Path.Fill
	if ink == "currentColor" {
		ink = d.Color
	}
	dark, light := parseColour(tb, ink), parseColour(tb, d.Rect.Fill)
	picture := image.NewPaletted(image.Rect(0, 0, scale*len(rows), scale*len(rows)), color.Palette{light, dark})
	for y := range picture.Rect.Dy() {
		for x := range picture.Rect.Dx() {
			if rows[y/scale][x/scale] {
				picture.SetColorIndex(x, y, 1)
			}
		}
	}
	return picture
}

func parseColour(tb rapid.TB, css string) color.RGBA {
	tb.Helper()
	c := color.RGBA{A: 0xff}
	n, err := fmt.Sscanf(css, "#%02x%02x%02x", &c.R, &c.G, &c.B)
	require.NoError(tb, err, css)
	require.Equal(tb, 3, n)
	return c
}
