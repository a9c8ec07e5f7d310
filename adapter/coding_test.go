package adapter

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"io"
	"net"
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim"
)

func packed(t *testing.T, text string, coding func(io.Writer) io.WriteCloser) string {
	t.Helper()
	var out bytes.Buffer
	w := coding(&out)
	_, err := io.WriteString(w, text)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	return out.String()
}

func gzipped(t *testing.T, text string) string {
	return packed(t, text, func(w io.Writer) io.WriteCloser { return gzip.NewWriter(w) })
}

func coded(body string, codings ...string) func(net.Conn) {
	head := "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: " + strconv.Itoa(len(body)) + "\r\n"
	for _, coding := range codings {
		head += "Content-Encoding: " + coding + "\r\n"
	}
	return sends(head + "\r\n" + body)
}

// exchangeCoded sends a call and returns what the server was asked with.
func exchangeCoded(t *testing.T, call Call, answer func(net.Conn)) (http.Header, error) {
	t.Helper()
	asked := make(chan http.Header, 1)
	s := serveRequests(t, func(c net.Conn, r *http.Request) bool {
		asked <- r.Header
		answer(c)
		return false
	})
	tr := instant(t, esim.Settings{BaseURL: s.url, Timeout: 20 * time.Second, MaxRetries: -1})
	err := tr.Do(t.Context(), call)
	require.Equal(t, int32(1), s.requests.Load())
	return <-asked, err
}

func TestContentCodings(t *testing.T) {
	zipped := gzipped(t, fine)
	zlibbed := packed(t, fine, func(w io.Writer) io.WriteCloser { return zlib.NewWriter(w) })
	deflated := packed(t, fine, func(w io.Writer) io.WriteCloser {
		z, err := flate.NewWriter(w, flate.BestSpeed)
		require.NoError(t, err)
		return z
	})
	for name, answer := range map[string]func(net.Conn){
		"none":              coded(fine),
		"identity":          coded(fine, "identity"),
		"gzip":              coded(zipped, "gzip"),
		"gzip in capitals":  coded(zipped, "GZIP"),
		"x-gzip":            coded(zipped, "x-gzip"),
		"gzip and identity": coded(zipped, "identity, gzip, "),
		"gzip in chunks": sends("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n" +
			strconv.FormatInt(int64(len(zipped)), 16) + "\r\n" + zipped + "\r\n0\r\n\r\n"),
		"gzip twice":           coded(gzipped(t, zipped), "gzip, gzip"),
		"gzip on two lines":    coded(gzipped(t, zipped), "gzip", "x-gzip"),
		"members":              coded(gzipped(t, fine[:7])+gzipped(t, fine[7:]), "gzip"),
		"deflate":              coded(zlibbed, "deflate"),
		"deflate without zlib": coded(deflated, "deflate"),
		"deflate, then gzip":   coded(gzipped(t, zlibbed), "deflate, gzip"),
	} {
		for _, call := range []Call{read(), order(Once, ""), order(Replayed, "")} {
			t.Run(name+"/"+call.op, func(t *testing.T) {
				asked, err := exchangeCoded(t, call, answer)
				require.NoError(t, err)
				want := map[bool]string{true: "gzip", false: "identity"}[call.Safety == Read]
				assert.Equal(t, []string{want}, asked.Values("Accept-Encoding"))
			})
		}
	}
}

func TestContentCodingsThatCannotBeRead(t *testing.T) {
	zipped := gzipped(t, fine)
	five := fine
	for range 5 {
		five = gzipped(t, five)
	}
	broken := []byte(zipped)
	broken[len(broken)-6] ^= 1 // of the checksum
	for name, c := range map[string]struct {
		answer func(net.Conn)
		kind   esim.Kind
		cause  string
	}{
		"br":             {coded(fine, "br"), esim.ErrMalformedResponse, `cannot be read ("br")`},
		"zstd":           {coded(fine, "zstd"), esim.ErrMalformedResponse, `cannot be read ("zstd")`},
		"below gzip":     {coded(zipped, "br, gzip"), esim.ErrMalformedResponse, `cannot be read ("br")`},
		"above gzip":     {coded(zipped, "gzip, br"), esim.ErrMalformedResponse, `cannot be read ("br")`},
		"a long name":    {coded(fine, "x-0123456789012345678901234567890"), esim.ErrMalformedResponse, `("x-012345678901234567")`},
		"five layers":    {coded(five, "gzip,gzip,gzip,gzip,gzip"), esim.ErrMalformedResponse, `cannot be read ("gzip")`},
		"not gzip":       {coded(fine, "x-gzip"), esim.ErrMalformedResponse, "is broken"},
		"cut":            {coded(zipped[:len(zipped)-9], "x-gzip"), esim.ErrMalformedResponse, "is broken"},
		"bad checksum":   {coded(string(broken), "x-gzip"), esim.ErrMalformedResponse, "is broken"},
		"text after it":  {coded(zipped+fine, "x-gzip"), esim.ErrMalformedResponse, "is broken"},
		"nothing":        {coded("", "x-gzip"), esim.ErrMalformedResponse, ""},
		"cut on the way": {sends("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 500\r\nContent-Encoding: x-gzip\r\n\r\n" + zipped[:20]), esim.ErrUnavailable, "EOF"},
	} {
		for _, call := range []Call{read(), order(Once, "")} {
			t.Run(name+"/"+call.op, func(t *testing.T) {
				_, err := exchangeCoded(t, call, c.answer)
				e := asError(t, err)
				assert.Equal(t, c.kind, e.Kind)
				assert.ErrorContains(t, err, c.cause)
				assert.Equal(t, call.Safety != Read, e.Outcome == esim.OutcomeUnknown)
			})
		}
	}
}

func TestTheBoundIsOfDecodedBytes(t *testing.T) {
	large := `{"ok":true,"id":"A1","x":"` + string(bytes.Repeat([]byte("x"), defaultMaxBody)) + `"}`
	for _, call := range []Call{read(), order(Once, "")} {
		_, err := exchangeCoded(t, call, coded(gzipped(t, large), "gzip"))
		assert.ErrorContains(t, asError(t, err).Err, "too large")
	}
}
