package qr

import (
	"errors"
	"fmt"
)

const (
	standardQuiet = 4 // modules, ISO/IEC 18004
	leastQuiet    = 2
	mostQuiet     = 16

	standardModule = 8    // pixels: the usual code is then some 300 pixels wide
	leastModule    = 2    // below, scanners begin to miss codes
	mostPixels     = 2048 // along one side: 17 cm of good print, and bounded memory
)

// quietZone returns the width of the quiet zone to draw, 4 when none is asked
// for. It refuses for every picture alike what makes none.
func (c *Code) quietZone(asked int) (int, error) {
	if c.size == 0 {
		return 0, refuse(errors.New("the code is empty"))
	}
	if asked == 0 {
		return standardQuiet, nil
	}
	if asked < leastQuiet || asked > mostQuiet {
		return 0, refuse(fmt.Errorf("quiet zone of %d modules is not within %d to %d", asked, leastQuiet, mostQuiet))
	}
	return asked, nil
}

// layout says where a code lies in a picture of side by side pixels. What does
// not divide evenly widens the quiet zone: a module of uneven size is one that
// scanners may take for two.
type layout struct {
	side   int // of the picture, quiet zone included
	module int // side of one module
	origin int // where the first module begins, from the left and from above
}

func (c *Code) layout(quietZone, moduleSize, size int) (layout, error) {
	quiet, err := c.quietZone(quietZone)
	if err != nil {
		return layout{}, err
	}
	modules := c.size + 2*quiet
	switch {
	case moduleSize < 0 || size < 0:
		return layout{}, refuse(errors.New("a negative size"))
	case moduleSize > 0 && size > 0:
		return layout{}, refuse(errors.New("either the size of a module or that of the picture is given, not both"))
	case size > 0:
		moduleSize = size / modules
	case moduleSize == 0:
		moduleSize = standardModule
	}
	if moduleSize < leastModule {
		return layout{}, refuse(fmt.Errorf("modules of %d pixels are too small: this code takes %d modules a side, of %d pixels or more",
			moduleSize, modules, leastModule))
	}
	if size == 0 {
		if moduleSize > mostPixels/modules {
			return layout{}, refuse(fmt.Errorf("a picture wider than %d pixels", mostPixels))
		}
		size = moduleSize * modules
	}
	if size > mostPixels {
		return layout{}, refuse(fmt.Errorf("a picture wider than %d pixels", mostPixels))
	}
	return layout{side: size, module: moduleSize, origin: (size - moduleSize*c.size) / 2}, nil
}
