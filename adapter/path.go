package adapter

import (
	"errors"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"
)

// Get is a read. Values are names and values in turn: one whose name stands in
// braces in the path goes there, any other into the query. Empty values of the
// query are left out.
//
//	adapter.Get("/v2/sims/{iccid}/usage", "iccid", string(iccid), "unit", "MB")
func Get(path string, values ...string) Call {
	c := Call{Method: http.MethodGet, Path: path, Safety: Read}
	c.fill(values)
	return c
}

// Post is a call with a JSON document. Values fill the braces of the path.
func Post(path string, safety Safety, payload any, values ...string) Call {
	c := Call{Method: http.MethodPost, Path: path, Safety: safety, Payload: payload}
	c.fill(values)
	return c
}

// Post completes the call that a purchase is given to send.
func (c Call) Post(path string, payload any, values ...string) Call {
	c.Method, c.Path, c.Payload = http.MethodPost, path, payload
	c.fill(values)
	return c
}

func (c *Call) fill(values []string) {
	for i := 0; i+1 < len(values); i += 2 {
		name, value := values[i], values[i+1]
		switch {
		case strings.Contains(c.Path, "{"+name+"}"):
			c.ids = append(c.ids, "{"+name+"}", value)
		case value != "":
			if c.Query == nil {
				c.Query = url.Values{}
			}
			c.Query.Add(name, value)
		}
	}
}

var errPath = errors.New("a part of the path is empty or made of dots")

// expand puts the ids of the call into its path, plain and escaped. An id that
// a server could read as another path is refused.
func (c *Call) expand() (plain, escaped string, err error) {
	if !strings.Contains(c.Path, "{") {
		return c.Path, "", nil
	}
	escapes := make([]string, len(c.ids))
	for i := 0; i < len(c.ids); i += 2 {
		id := c.ids[i+1]
		if id == "" || id == "." || id == ".." {
			return "", "", errPath
		}
		escapes[i], escapes[i+1] = c.ids[i], url.PathEscape(id)
	}
	plain, escaped = strings.NewReplacer(c.ids...).Replace(c.Path), strings.NewReplacer(escapes...).Replace(c.Path)
	for part := range strings.SplitSeq(c.Path, "{") {
		if name, _, found := strings.Cut(part, "}"); found && !c.names(name) {
			return "", "", errPath
		}
	}
	return plain, escaped, nil
}

func (c *Call) names(id string) bool {
	for i := 0; i < len(c.ids); i += 2 {
		if c.ids[i] == "{"+id+"}" {
			return true
		}
	}
	return false
}

// reaches reports whether the call is one to an endpoint, which is a method and a
// path template, however the call spells it. An id in the call's own template
// counts as what it puts into the path.
func (c *Call) reaches(endpoint string) bool {
	method, template, _ := strings.Cut(endpoint, " ")
	if !strings.EqualFold(method, c.Method) {
		return false
	}
	plain, escaped, err := c.expand()
	return err == nil && (fitsTemplate(template, plain) || escaped != "" && fitsTemplate(template, escaped))
}

// fitsTemplate compares part by part. A part in braces stands for any.
func fitsTemplate(template, called string) bool {
	return slices.EqualFunc(partsOf(template), partsOf(called), func(want, got string) bool {
		head, rest, open := strings.Cut(want, "{")
		return want == got || open && strings.HasPrefix(got, head) && strings.HasSuffix(got, rest[strings.LastIndex(rest, "}")+1:])
	})
}

func partsOf(called string) []string {
	return strings.Split(path.Clean("/"+strings.ToLower(called)), "/")
}
