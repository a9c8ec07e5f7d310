package qr

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
)

// PNGOptions are the choices of [Code.PNG]. The zero value has the quiet zone
// of the standard and modules of 8 by 8 pixels.
type PNGOptions struct {
	// QuietZone is the least width of the light frame in modules; 0 = 4, as the
	// standard has it. Less than 2 or more than 16 is refused.
	QuietZone int

	// ModuleSize is the side of one module in pixels; 0 = 8, at least 2.
	ModuleSize int

	// Size is the side of the whole picture in pixels, instead of ModuleSize;
	// 0 = as ModuleSize has it. The modules are as large as fit in whole
	// pixels, and what is left over widens the quiet zone.
	Size int
}

// PNG returns the code as a PNG picture of two colours, black on white, without
// any text inside: one bit a pixel, for an activation code of 57 characters
// some 500 bytes. The same code and options give the same bytes, as long as the
// program is built with the same release of Go.
//
// No picture is wider than 2048 pixels. Errors match [esim.ErrInvalidRequest].
func (c *Code) PNG(o PNGOptions) ([]byte, error) {
	at, err := c.layout(o.QuietZone, o.ModuleSize, o.Size)
	if err != nil {
		return nil, err
	}
	const light, dark = 0, 1
	picture := image.NewPaletted(image.Rect(0, 0, at.side, at.side), color.Palette{light: color.White, dark: color.Black})
	for y := range c.size {
		top := picture.PixOffset(0, at.origin+y*at.module)
		row := picture.Pix[top : top+at.side]
		for x := range c.size {
			if !c.Dark(x, y) {
				continue
			}
			for i := range at.module {
				row[at.origin+x*at.module+i] = dark
			}
		}
		for i := 1; i < at.module; i++ {
			copy(picture.Pix[top+i*picture.Stride:], row)
		}
	}
	var out bytes.Buffer
	if err := png.Encode(&out, picture); err != nil {
		return nil, err // cannot happen: the buffer takes everything, and the picture has a size
	}
	return out.Bytes(), nil
}
