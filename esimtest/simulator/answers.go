package simulator

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"
)

// render is the answer as the provider's world writes it. A fault spoils it
// after that.
func (r *rules) render(op string, a *reply) *reply {
	if a.ctype != "" || (r.rows == nil && r.cell == nil) {
		return a
	}
	w := *a
	if r.rows != nil && listsRows(op) {
		w.body = onRows(w.body, r.rows)
	}
	w.body = r.rewriteTexts(w.body)
	return &w
}

// listsRows reports whether the operation answers with rows.
func listsRows(op string) bool {
	return slices.Contains([]string{"packages", "topup_packages", "orders", "esims", "products", "topups", "esim_orders"}, op)
}

// rewriteTexts rewrites the texts of an answer or a webhook.
func (r *rules) rewriteTexts(body []byte) []byte {
	if r.cell == nil {
		return body
	}
	return respell("", body, r.cell)
}

// respell rewrites every text in a JSON value, each with the name of the
// member that it, or its array, is in.
func respell(name string, value json.RawMessage, cell func(name, text string) string) json.RawMessage {
	switch value[0] {
	case '{':
		list := members(value)
		for i, m := range list {
			list[i].value = respell(m.name, m.value, cell)
		}
		return join(list)
	case '[':
		var list []json.RawMessage
		if json.Unmarshal(value, &list) != nil {
			return value
		}
		for i, v := range list {
			list[i] = respell(name, v, cell)
		}
		return encode(list)
	case '"':
		var text string
		if json.Unmarshal(value, &text) != nil {
			return value
		}
		return encode(cell(name, text))
	}
	return value
}

// canonicalICCID is the ICCID that a client sends back as it was written to it.
func (r *rules) canonicalICCID(text string) string {
	if r.cell == nil {
		return text
	}
	digits := strings.TrimRight(strings.NewReplacer(" ", "", "-", "").Replace(text), "Ff")
	if len(digits) < 18 || strings.Trim(digits, "0123456789") != "" {
		return text
	}
	return digits
}

// compressed is the answer compressed, where the world compresses it.
func (p *Server) compressed(c *call, a *reply) *reply {
	if p.rules.gzip == gzipNever || a.ctype != "" || (c.op != "order" && c.op != "topup") {
		return a
	}
	if p.rules.gzip == gzipAccepted && !acceptsGzip(c.r.Header) {
		return a
	}
	z := *a
	z.body = gzipped(a.body)
	z.header = http.Header{"Content-Encoding": {"gzip"}}
	maps.Copy(z.header, a.header)
	return &z
}

// acceptsGzip reads Accept-Encoding as RFC 9110, 12.5.3, has it: without the
// field every coding is acceptable.
func acceptsGzip(h http.Header) bool {
	fields, ok := h["Accept-Encoding"]
	if !ok {
		return true
	}
	for part := range strings.SplitSeq(strings.Join(fields, ","), ",") {
		coding, weight, _ := strings.Cut(strings.ToLower(strings.ReplaceAll(part, " ", "")), ";")
		if coding == "gzip" || coding == "*" {
			return strings.Trim(weight, "q=0.") != "" || weight == ""
		}
	}
	return false
}
