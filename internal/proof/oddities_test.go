package proof_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim"
)

// oddities are values that may stand in a cell instead of the documented one.
var oddities = []string{
	`null`, `true`, `false`, `0`, `1`, `-1`, `7`, `987654.321`, `1e400`, `1e-400`, `99999999999999999999999999`,
	`2.720000000000000195399252334027551114559173583984375`,
	`""`, `" "`, `"zq word"`, `"0"`, `"7"`, `"-1"`, `"true"`, `"on request"`, `"1,5"`, `"2026-09-27T19:29:36+0000"`, `"03/04/2026"`, `"LPA:1$zq"`, `"\u0000\u001bzq"`,
	`[]`, `{}`, `["zq"]`, `{"zq":"zq"}`, `[[[]]]`, `[7]`, `[{"zq":1},null]`, `"` + strings.Repeat("z", 10_000) + `"`,
}

// exchange answers each path with its recorded document.
type exchange map[string][]byte

func (e exchange) RoundTrip(r *http.Request) (*http.Response, error) {
	body, known := e[r.URL.Path]
	if !known {
		return nil, fmt.Errorf("nothing is recorded for %s", r.URL.Path)
	}
	return &http.Response{
		StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(bytes.NewReader(body)), Request: r,
	}, nil
}

// recordedExchange reads a case of testdata. A list gets three rows, of which the
// recorded one is in the middle.
func recordedExchange(t *testing.T, r oddRead) (docs map[string]any, order []string) {
	t.Helper()
	var requests []struct {
		Path string `json:"path"`
	}
	var answers []struct {
		Body json.RawMessage `json:"body"`
	}
	for name, out := range map[string]any{".req.json": &requests, ".resp.json": &answers} {
		doc, err := os.ReadFile("../../testdata/" + r.recorded + name)
		if os.IsNotExist(err) {
			t.Skip("SKIPPED: the recorded exchanges are in the repository only")
		}
		require.NoError(t, err)
		require.NoError(t, json.Unmarshal(doc, out))
	}
	docs = map[string]any{}
	for i, request := range requests {
		doc := parsed(t, answers[i].Body)
		if data, ok := dig(doc, "data").(map[string]any); ok && r.rows != "" && data[r.rows] != nil {
			data[r.rows] = threeRows(t, data[r.rows], r.id)
			if pages, ok := data["pagination"].(map[string]any); ok {
				pages["total"], pages["total_pages"], pages["page"] = json.Number("3"), json.Number("1"), json.Number("1")
			}
		}
		docs[request.Path] = doc
		order = append(order, request.Path)
	}
	return docs, order
}

func threeRows(t *testing.T, rows any, id string) []any {
	t.Helper()
	recorded, ok := rows.([]any)
	require.True(t, ok && len(recorded) > 0)
	return []any{renamed(t, recorded[0], id, "1"), recorded[0], renamed(t, recorded[0], id, "2")}
}

// renamed is a copy of a row under another id, of the same length.
func renamed(t *testing.T, row any, id, digit string) any {
	t.Helper()
	again := parsed(t, written(t, row))
	members, _ := again.(map[string]any)
	name, _ := members[id].(string)
	require.NotEmpty(t, name)
	members[id] = name[:len(name)-1] + digit
	return again
}

func dig(doc any, name string) any {
	members, _ := doc.(map[string]any)
	return members[name]
}

func parsed(t *testing.T, doc []byte) (v any) {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(doc))
	d.UseNumber()
	require.NoError(t, d.Decode(&v), "%.200s", doc)
	return v
}

func written(t *testing.T, v any) []byte {
	t.Helper()
	doc, err := json.Marshal(v)
	require.NoError(t, err)
	return doc
}

// cellsOf lists the paths to all values of a document but the document itself.
func cellsOf(v any, at []string) (paths [][]string) {
	if len(at) > 0 {
		paths = append(paths, slices.Clone(at))
	}
	switch v := v.(type) {
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(v)) {
			paths = append(paths, cellsOf(v[name], append(slices.Clone(at), name))...)
		}
	case []any:
		for i := range v {
			paths = append(paths, cellsOf(v[i], append(slices.Clone(at), strconv.Itoa(i)))...)
		}
	}
	return paths
}

// withCell is a copy of a document with another value at a path.
func withCell(v any, at []string, cell json.RawMessage) any {
	if len(at) == 0 {
		return cell
	}
	switch v := v.(type) {
	case map[string]any:
		again := maps.Clone(v)
		again[at[0]] = withCell(v[at[0]], at[1:], cell)
		return again
	case []any:
		again := slices.Clone(v)
		i, _ := strconv.Atoi(at[0])
		again[i] = withCell(v[i], at[1:], cell)
		return again
	}
	return cell
}

// leaves lists the scalars of a document by their path.
func leaves(v any, at string, into map[string]any) map[string]any {
	switch v := v.(type) {
	case map[string]any:
		for name, member := range v {
			leaves(member, at+"/"+name, into)
		}
	case []any:
		for i, element := range v {
			leaves(element, at+"/"+strconv.Itoa(i), into)
		}
	default:
		into[at] = v
	}
	return into
}

// TestOddCells is the proof of the rule that one odd row costs that row: in each
// list and read of the adapters each cell in turn holds each oddity.
func TestOddCells(t *testing.T) {
	for _, r := range oddReads() {
		t.Run(r.recorded, func(t *testing.T) {
			t.Parallel()
			docs, order := recordedExchange(t, r)
			answers := exchange{}
			for path, doc := range docs {
				answers[path] = written(t, doc)
			}
			whole, _, err := r.call(t, answers)
			require.NoError(t, err)
			good := parsed(t, written(t, whole))
			if r.rows != "" {
				require.Len(t, good, 3)
			}
			said := leaves(good, "", map[string]any{})
			for _, doc := range docs {
				leaves(doc, "in ", said)
			}
			for _, path := range order[max(0, len(order)-2):] {
				if strings.HasSuffix(path, "/auth") {
					continue
				}
				for n, at := range cellsOf(docs[path], nil) {
					for m, odd := range oddities {
						if raceEnabled && (n+m)%10 > 0 { // ten times as slow, and a tenth has each cell and each oddity
							continue
						}
						changed := maps.Clone(answers)
						changed[path] = written(t, withCell(docs[path], at, json.RawMessage(odd)))
						got, lost, err := r.call(t, changed)
						what := fmt.Sprintf("%s = %.60s", strings.Join(at, "/"), odd)
						if r.rows != "" {
							assertList(t, r, at, odd, what, good, got, lost, err, said)
						} else {
							assertRead(t, r, at, odd, what, good, got, err, said)
						}
					}
				}
			}
		})
	}
}

// assertList: an odd cell in a row costs no other row. Elsewhere the list is whole or
// an error.
func assertList(t *testing.T, r oddRead, at []string, odd, what string, good, got any, lost int, err error, said map[string]any) {
	t.Helper()
	inRow := len(at) > 2 && at[1] == r.rows
	if err != nil {
		assert.False(t, inRow, "%s: the list is lost: %v", what, err)
		if at[0] != "code" { // which may be that of a refusal
			assert.ErrorIs(t, err, esim.ErrMalformedResponse, what)
		}
		return
	}
	rows, _ := parsed(t, written(t, got)).([]any)
	all, _ := good.([]any)
	if !inRow {
		if !slices.Equal(at, []string{"data", r.rows}) || odd[0] != '[' { // another list is a list
			assert.Equal(t, all, rows, what)
		}
		return
	}
	n, _ := strconv.Atoi(at[2])
	if len(rows) == len(all)-1 {
		assert.Equal(t, slices.Delete(slices.Clone(all), n, n+1), rows, what)
		if lost >= 0 {
			assert.Equal(t, 1, lost, "%s: a row that is lost is counted", what)
		}
		assert.True(t, len(at) == 3 || at[3] == r.id, "%s: the row is lost for a cell beside its id", what)
		return
	}
	if assert.Len(t, rows, len(all), what) {
		assert.Equal(t, slices.Delete(slices.Clone(all), n, n+1), slices.Delete(slices.Clone(rows), n, n+1), "%s: other rows", what)
		assertNothingInvented(t, odd, what, all[n], rows[n], said)
	}
}

// assertRead: an odd cell costs an answer about one thing only if the answer says
// nothing without it.
func assertRead(t *testing.T, r oddRead, at []string, odd, what string, good, got any, err error, said map[string]any) {
	t.Helper()
	if err != nil {
		needed := slices.Contains(r.needs, at[len(at)-1])
		assert.True(t, needed, "%s: the answer is lost: %v", what, err)
		return
	}
	assertNothingInvented(t, odd, what, good, parsed(t, written(t, got)), said)
}

// assertNothingInvented: each value of the result is that without the oddity, or
// says that nothing is stated, or stands in the answer.
func assertNothingInvented(t *testing.T, odd, what string, good, got any, said map[string]any) {
	t.Helper()
	before := leaves(good, "", map[string]any{})
	for at, value := range leaves(got, "", map[string]any{}) {
		if before[at] == value || isUnstated(value) {
			continue
		}
		sum := slices.Contains([]string{"total", "used", "remaining"}, at[strings.LastIndexByte(at, '/')+1:])
		assert.True(t, sum && isNumber(odd) || isOf(odd, value) || isSaid(value, said), "%s: invents %s = %.80v", what, at, value)
	}
}

func isUnstated(value any) bool {
	if text, ok := value.(string); ok && strings.TrimSpace(text) == "" {
		return true
	}
	switch value {
	case nil, false, "0", "unknown", "0001-01-01T00:00:00Z", json.Number("0"), json.Number("-1"):
		return true
	}
	return false
}

// isSaid: providers say some things twice.
func isSaid(value any, said map[string]any) bool {
	for _, s := range said {
		if s == value || strings.EqualFold(fmt.Sprint(s), fmt.Sprint(value)) {
			return true
		}
	}
	return false
}

// isOf reports whether a value is the oddity, as it is or as an amount, or follows
// from it.
func isOf(odd string, value any) bool {
	var read any
	d := json.NewDecoder(strings.NewReader(odd))
	d.UseNumber()
	if d.Decode(&read) != nil {
		return false
	}
	for _, scalar := range leaves(read, "", map[string]any{}) {
		text, have := strings.TrimSpace(fmt.Sprint(scalar)), fmt.Sprint(value)
		if text != "" && strings.Contains(text, have) || text == "2026-09-27T19:29:36+0000" && have == "2026-09-27T19:29:36Z" {
			return true
		}
		number, err := strconv.ParseFloat(text, 64)
		is, notNumber := strconv.ParseFloat(have, 64)
		if err != nil {
			continue
		}
		for _, unit := range []float64{1, 1 << 10, 1 << 20, 1 << 30, 1 << 40} {
			if off := number*unit - is; notNumber == nil && off > -1 && off < 1 {
				return true
			}
		}
	}
	return text(odd) == "true" && value == true || text(odd) == "1" && value == true
}

// isNumber: sums of what is stated are no inventions.
func isNumber(odd string) bool {
	_, err := strconv.ParseFloat(text(odd), 64)
	return err == nil
}

func text(odd string) string { return strings.Trim(odd, `"`) }
