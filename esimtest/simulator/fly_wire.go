package simulator

import (
	"bytes"
	"iter"
	"net/http"
	"strconv"
	"strings"

	"github.com/esimkit/esim/esimtest"
)

// A QR code of one white pixel: enough to be an image, useless to a scanner.
const tinyPNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8/5+hHgAHggJ/PchI7wAAAABJRU5ErkJggg=="

// flyPaging is the pagination of a list answer.
type flyPaging struct {
	Page       int `json:"page"`
	Limit      int `json:"limit"`
	Total      int `json:"total"`
	TotalPages int `json:"total_pages"`
}

// paging reads page and limit.
func (f *ESIMFly) paging(c *call, usual int) (flyPaging, *reply) {
	p := flyPaging{Page: 1, Limit: usual}
	for _, x := range []struct {
		name string
		into *int
	}{{"page", &p.Page}, {"limit", &p.Limit}} {
		text := c.param(x.name)
		if text == "" {
			continue
		}
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 {
			f.violate(c, x.name+" is not a positive number")
			return p, f.refuseAs(c, http.StatusBadRequest, "", "Invalid "+x.name)
		}
		*x.into = n
	}
	p.Limit = min(p.Limit, 100)
	return p, nil
}

// slice yields the positions on the page.
func (p *flyPaging) slice() iter.Seq[int] {
	p.TotalPages = (p.Total + p.Limit - 1) / p.Limit
	return func(yield func(int) bool) {
		if p.Page > p.TotalPages {
			return
		}
		first := (p.Page - 1) * p.Limit
		for i := first; i < min(first+p.Limit, p.Total) && yield(i); {
			i++
		}
	}
}

// flyPage is a list answer; extra members come between rows and pagination.
func flyPage(name string, rows [][]byte, p flyPaging, extra ...member) *reply {
	list := []member{{name, bytes.Join([][]byte{[]byte("["), bytes.Join(rows, []byte(",")), []byte("]")}, nil)}}
	list = append(append(list, extra...), member{"pagination", encode(p)})
	return flyData("", list...)
}

// flyData is a success with its content in data.
func flyData(message string, data ...member) *reply {
	list := []member{{"success", encode(true)}}
	if message != "" {
		list = append(list, member{"message", encode(message)})
	}
	return &reply{status: http.StatusOK, body: join(append(list, member{"data", join(data)}))}
}

// refuseAs is an error answer in the shape the endpoint uses, with further
// members at its end.
func (f *ESIMFly) refuseAs(c *call, status int, code, text string, extra ...member) *reply {
	list := []member{{"success", encode(false)}}
	switch c.op {
	case "usage":
		list = []member{{"error", encode(http.StatusText(status))}, {"message", encode(text)}}
		return &reply{status: status, body: join(list)}
	case "topup":
		short := map[string]string{"INSUFFICIENT_BALANCE": "Insufficient balance", "ESIM_NOT_FOUND": "eSIM not found"}[code]
		if short == "" {
			short = "Top-up failed"
		}
		list = append(list, member{"error", encode(short)}, member{"message", encode(text)})
	case "balance", "packages", "topup_packages", "orders", "esims", "order_status", "webhook_get", "webhook_put":
		list = append(list, member{"error", encode(text)})
	default:
		list = append(list, member{"message", encode(text)})
	}
	if code != "" {
		list = append(list, member{"code", encode(code)})
	}
	return &reply{status: status, body: join(append(list, extra...))}
}

// failure is what a fault makes the provider say.
func (f *ESIMFly) failure(c *call, e problem) *reply {
	list := []member{{"success", encode(false)}}
	switch e.kind {
	case esimtest.Fault429:
		list = append(list, member{"error", encode("Rate limit exceeded")}, member{"code", encode("RATE_LIMIT_EXCEEDED")})
		return &reply{status: e.status, body: join(list)}
	case esimtest.FaultDuplicateRequest:
		if e.status == http.StatusConflict {
			return f.inFlight(c)
		}
		list = append(list, member{"error", encode("Request ID has already been used")}, member{"code", encode("DUPLICATE_REQUEST")})
		return &reply{status: http.StatusBadRequest, body: join(list)}
	case esimtest.Fault500Before:
		if c.op == "order" {
			return f.refuseAs(c, e.status, "ORDER_PROCESSING_ERROR", "Failed to process order")
		}
		return f.refuseAs(c, e.status, "", "Internal server error")
	default:
		return f.named(c, e)
	}
}

// named is an error whose details the test has given.
func (f *ESIMFly) named(c *call, e problem) *reply {
	if e.status == 0 {
		e.status = http.StatusInternalServerError
	}
	if e.message == "" {
		e.message = "The request could not be processed"
	}
	if e.code == "" && c.op == "order" {
		e.code = "ORDER_PROCESSING_ERROR"
	}
	return f.refuseAs(c, e.status, e.code, e.message)
}

func (f *ESIMFly) inFlight(c *call) *reply {
	return f.refuse(c, "DUPLICATE_REQUEST")
}

// malformed refuses a body that is not as documented.
func (f *ESIMFly) malformed(c *call, err error) *reply {
	f.violate(c, err.Error())
	return f.refuseAs(c, http.StatusBadRequest, "", "Invalid request body")
}

// flyInstall is the install data of an eSIM as eSIMfly's answers name it.
type flyInstall struct {
	LPA     *string `json:"lpaString,omitempty"`
	QR      *string `json:"qrCodeUrl,omitempty"`
	Apple   *string `json:"directAppleInstallUrl,omitempty"`
	Android *string `json:"directAndroidInstallUrl,omitempty"`
}

func (s *sim) appleURL() string {
	return "https://esimsetup.apple.com/esim_qrcode_provisioning?carddata=" + s.lpa()
}

func (s *sim) androidURL() string {
	return "https://esimsetup.android.com/esim_qrcode_provisioning?carddata=" + s.lpa()
}

func (s *sim) qrDataURI() string { return "data:image/png;base64," + tinyPNG }

func (s *sim) qrURL() string {
	return "https://storage.esimfly.net/qr-codes/" + strconv.FormatInt(flyESIMID(s), 10) + "-" + strings.ToLower(s.matchingID[:8]) + ".png"
}

func (s *sim) install(qr string) flyInstall {
	return flyInstall{LPA: new(s.lpa()), QR: &qr, Apple: new(s.appleURL()), Android: new(s.androidURL())}
}

func flyESIMID(s *sim) int64 { return 15756 + s.number }
