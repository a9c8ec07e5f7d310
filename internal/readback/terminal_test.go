package readback_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/qr"
)

// codes returns activation codes of every shape and of lengths from the
// shortest to the longest that are allowed.
func codes(tb testing.TB) []esim.ActivationCode {
	tb.Helper()
	const id = "K2-7QX0-b9ZtR4mW"
	var all []esim.ActivationCode
	add := func(a esim.ActivationCode) {
		parsed, err := esim.ParseActivationCode(a.LPA())
		require.NoError(tb, err)
		require.Equal(tb, a, parsed)
		all = append(all, a)
	}
	for n := range 59 {
		matching := strings.Repeat(id, 15)[:4*n]
		add(esim.ActivationCode{SMDPAddress: "smdp.example.com", MatchingID: matching})
		if n < 50 {
			add(esim.ActivationCode{SMDPAddress: "rsp.example.net", MatchingID: matching, OID: "1.3.6.1.4.1.31746", ConfirmationCodeRequired: n%2 == 0})
			// Capitals alone take the denser alphanumeric mode.
			add(esim.ActivationCode{SMDPAddress: "RSP.EXAMPLE.ORG", MatchingID: strings.ToUpper(matching)})
		}
	}
	add(esim.ActivationCode{SMDPAddress: "a.b"})
	add(esim.ActivationCode{SMDPAddress: "rsp.example.net", MatchingID: id, RootKeyIndicator: "81370F"})
	add(esim.ActivationCode{SMDPAddress: "rsp.example.net", MatchingID: id, RootKeyIndicator: "81370F", DeleteNotification: strings.Repeat("MIIB+w8/", 30)})
	return all
}

func draw(tb testing.TB, code *qr.Code, o qr.TerminalOptions) string {
	tb.Helper()
	var out strings.Builder
	require.NoError(tb, code.WriteTerminal(&out, o))
	return out.String()
}

func TestTerminalCodesScan(t *testing.T) {
	all := codes(t)
	require.GreaterOrEqual(t, len(all), 100)
	sizes := make(map[int]bool)
	for i, activation := range all {
		level := []qr.Level{qr.LevelM, qr.LevelL, qr.LevelQ, qr.LevelH}[i%4]
		style := []qr.TerminalStyle{qr.StyleDark, qr.StyleLight, qr.StyleANSI}[i%3]
		code, err := qr.Encode(activation, qr.WithLevel(level))
		require.NoError(t, err)
		sizes[code.Size()] = true
		rows := screen(t, draw(t, code, qr.TerminalOptions{Style: style}), style)
		assert.Equal(t, activation.LPA(), scan(t, rows), "level %d, style %d", level, style)
	}
	assert.Greater(t, len(sizes), 8, "the codes should need many versions")
}

// One code in every combination, so that none hides behind the rotation above.
func TestTerminalOptionsScan(t *testing.T) {
	activation := esim.ActivationCode{SMDPAddress: "smdp.example.com", MatchingID: "K2-7QX0-B9ZTR4MW"}
	for _, level := range []qr.Level{qr.LevelL, qr.LevelM, qr.LevelQ, qr.LevelH} {
		code, err := qr.Encode(activation, qr.WithLevel(level))
		require.NoError(t, err)
		for _, style := range []qr.TerminalStyle{qr.StyleDark, qr.StyleLight, qr.StyleANSI} {
			for _, quiet := range []int{0, 2, 3, 4, 16} {
				t.Run(fmt.Sprintf("level %d style %d quiet %d", level, style, quiet), func(t *testing.T) {
					rows := screen(t, draw(t, code, qr.TerminalOptions{Style: style, QuietZone: quiet}), style)
					if quiet == 0 {
						quiet = 4
					}
					checkQuietZone(t, rows, code.Size(), quiet)
					checkModules(t, rows, code, quiet)
					assert.Equal(t, activation.LPA(), scan(t, rows))
				})
			}
		}
	}
}

func checkQuietZone(t *testing.T, rows [][]bool, size, quiet int) {
	t.Helper()
	require.Len(t, rows, size+2*quiet+1, "one more half row below, the code's side being odd")
	for y, row := range rows {
		require.Len(t, row, size+2*quiet)
		for x, dark := range row {
			inside := x >= quiet && x < quiet+size && y >= quiet && y < quiet+size
			require.False(t, dark && !inside, "dark module at %d,%d in the quiet zone", x, y)
		}
	}
	for _, corner := range [][2]int{{0, 0}, {size - 1, 0}, {0, size - 1}} {
		require.True(t, rows[quiet+corner[1]][quiet+corner[0]], "corner %v of a finder pattern", corner)
	}
}

func checkModules(t *testing.T, rows [][]bool, code *qr.Code, quiet int) {
	t.Helper()
	for y := range code.Size() {
		for x := range code.Size() {
			require.Equal(t, code.Dark(x, y), rows[quiet+y][quiet+x], "module %d,%d", x, y)
		}
	}
}

func TestSize(t *testing.T) {
	matching := strings.Repeat("k", 57-len("LPA:1$smdp.example.com$"))
	code, err := qr.Encode(esim.ActivationCode{SMDPAddress: "smdp.example.com", MatchingID: matching})
	require.NoError(t, err)
	rows := screen(t, draw(t, code, qr.TerminalOptions{}), qr.StyleDark)
	assert.Len(t, rows[0], 41)
	assert.Len(t, rows, 2*21)
	assert.Equal(t, 33, code.Size())
	for _, outside := range [][2]int{{-1, 0}, {0, -1}, {33, 0}, {0, 33}} {
		assert.False(t, code.Dark(outside[0], outside[1]))
	}
	high, err := qr.Encode(esim.ActivationCode{SMDPAddress: "smdp.example.com", MatchingID: matching}, qr.WithLevel(qr.LevelH))
	require.NoError(t, err)
	assert.Greater(t, high.Size(), code.Size())
}
