package qr

import (
	"fmt"
	"image/color"
)

// tone returns a colour as CSS writes it, how light a scanner sees it, in
// thousandths of white, and whether it is opaque. Scanners look at the luma of
// ITU-R BT.601, not at what eyes call contrast: a blue on a green that are easy
// to tell apart may be one grey to them.
func tone(c color.Color) (css string, luma uint32, opaque bool) {
	red, green, blue, alpha := c.RGBA() // 16 bits each
	luma = (299*red + 587*green + 114*blue) / 0xffff
	return fmt.Sprintf("#%02x%02x%02x", red>>8, green>>8, blue>>8), luma, alpha == 0xffff
}
