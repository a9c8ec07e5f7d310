package claimstest

import (
	"bytes"
	"strings"

	"github.com/esimkit/esim/router"
)

var getChecks = []check{
	{"none", getsNone},
	{"the latest", getsLatest},
	{"references that are nearly the same", getTellsApart},
	{"documents", getsDocuments},
	{"the caller's own", getsCopies},
}

func getsNone(t *trial) {
	t.wantNone("cart-1", "")
	t.put(claim("cart-1", 1))
	t.wantNone("cart-2", "cart", "")
}

func getsLatest(t *trial) {
	for version := range int64(5) {
		c := claim("cart-1", version+1)
		t.put(c)
		t.wantClaim(c)
		t.wantClaim(c)
	}
}

// A reference has letters, digits and some signs.
func getTellsApart(t *trial) {
	long := strings.Repeat("r", 120)
	references := []string{"a", "A", "a.", ".a", "a_b", "a-b", "a:b", "ab", "1", "01", "1.0", "null", long + "1", long + "2"}
	for _, reference := range references {
		t.put(claim(reference, 1))
	}
	t.put(claim("A", 2))
	for _, reference := range references {
		if reference != "A" {
			t.wantClaim(claim(reference, 1))
		}
	}
	t.wantClaim(claim("A", 2))
}

// A document is read again byte for byte, whatever else would be the same JSON.
func getsDocuments(t *trial) {
	for reference, document := range map[string]string{
		"empty": `{}`, "spaces": " {\n\t\"b\": 1,\r\n \"a\": [ ] } ", "names": `{"b":1,"a":2,"B":3,"b":4}`,
		"numbers": `[1.0,1e2,12345678901234567890.123456789,-0]`, "escapes": `["\u0000\u001f\ud83d\ude00\\\"\/"]`,
		"letters": `"Zürich 東京 🧳 ` + "\u2028" + `"`, "SQL": `["'; --", "$1", "%s", "?"]`,
		"large": `["` + strings.Repeat("0123456789abcdef", 1<<16) + `"]`,
	} {
		c := router.Claim{Reference: reference, Version: 1, Document: []byte(document)}
		t.put(c)
		t.wantClaim(c)
		c.Version, c.Document = 2, []byte(document+" ")
		t.put(c)
		t.wantClaim(c)
	}
}

// What goes in, and what has come out, is the caller's to change.
func getsCopies(t *trial) {
	mine := claim("cart-1", 1)
	t.put(mine)
	clear(mine.Document)
	t.wantClaim(claim("cart-1", 1))
	got := t.get("cart-1")
	clear(got.Document)
	got.Version = 7
	t.wantClaim(claim("cart-1", 1))
	if bytes.Equal(got.Document, t.get("cart-1").Document) {
		t.Errorf("what one caller has changed another one reads")
	}
}
