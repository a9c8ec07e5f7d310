package adapter

import (
	"bufio"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
)

// maxCodings is more than any server applies one after the other.
const maxCodings = 4

var errCoding = errors.New("the content coding of the answer is broken")

// unknownCoding is the error of an answer in a coding that nobody has asked for.
type unknownCoding string

func (c unknownCoding) Error() string {
	return fmt.Sprintf("the answer has a content coding that cannot be read (%.20q)", string(c))
}

// decoders by coding (RFC 9110, section 8.4.1). A server may apply one without
// being asked, and so may a proxy in front of it.
var decoders = map[string]func(io.Reader) (io.Reader, error){
	"gzip":    func(r io.Reader) (io.Reader, error) { return gzip.NewReader(r) },
	"x-gzip":  func(r io.Reader) (io.Reader, error) { return gzip.NewReader(r) },
	"deflate": inflate,
}

// inflate reads a zlib stream, and the bare one that some servers send instead.
func inflate(r io.Reader) (io.Reader, error) {
	in := bufio.NewReaderSize(r, minRead)
	head, err := in.Peek(2)
	if len(head) < 2 {
		return nil, err
	}
	const deflated = 8
	if head[0]&0xf == deflated && (uint(head[0])<<8|uint(head[1]))%31 == 0 {
		return zlib.NewReader(in)
	}
	return flate.NewReader(in), nil
}

// decoded reads the body of an answer without its content codings, the last of
// which was applied last.
func decoded(header http.Header, body io.Reader) (io.Reader, error) {
	codings := strings.Split(strings.Join(header.Values("Content-Encoding"), ","), ",")
	applied := 0
	for _, name := range slices.Backward(codings) {
		coding := strings.ToLower(strings.TrimSpace(name))
		if coding == "" || coding == "identity" {
			continue
		}
		decode, known := decoders[coding]
		if applied++; !known || applied > maxCodings {
			return nil, unknownCoding(coding)
		}
		plain, err := decode(body)
		if errors.Is(err, io.EOF) { // nothing at all, as beside a status without a body
			return strings.NewReader(""), nil
		}
		if err != nil {
			return nil, errCoding
		}
		body = plain
	}
	return body, nil
}

// codingError is what is wrong with a coding, without anything of the answer.
func codingError(err error) error {
	if unknown, ok := errors.AsType[unknownCoding](err); ok {
		return unknown
	}
	return errCoding
}

// network remembers that an answer broke off on its way, which a decoder would
// report as a broken coding.
type network struct {
	in  io.Reader
	err error
}

func (n *network) Read(p []byte) (int, error) {
	read, err := n.in.Read(p)
	if err != nil && err != io.EOF {
		n.err = err
	}
	return read, err
}
