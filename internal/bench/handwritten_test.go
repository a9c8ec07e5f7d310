package bench_test

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/esimfly"
	"github.com/esimkit/esim/esimtest/simulator"
)

// handwritten is a client as one writes it for one provider in an afternoon:
// it signs, sends, reads, decodes and converts, and leaves out limits,
// retries, strictness and everything about lost answers.
type handwritten struct {
	http   *http.Client
	base   string
	access string
	secret string
}

func newHandwritten(sim *simulator.Simulator, transport *http.Transport) *handwritten {
	return &handwritten{
		http: &http.Client{Transport: transport, Timeout: 30 * time.Second},
		base: sim.ESIMFly.URL(), access: sim.ESIMFly.AccessCode, secret: sim.ESIMFly.SecretKey,
	}
}

func (h *handwritten) call(ctx context.Context, method, path string, body []byte, out any) error {
	req, err := http.NewRequestWithContext(ctx, method, h.base+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	stamp, id := strconv.FormatInt(time.Now().UnixMilli(), 10), uuid.NewString()
	mac := hmac.New(sha256.New, []byte(h.secret))
	mac.Write([]byte(stamp + id + h.access))
	mac.Write(body)
	req.Header.Set("RT-AccessCode", h.access)
	req.Header.Set("RT-RequestID", id)
	req.Header.Set("RT-Timestamp", stamp)
	req.Header.Set("RT-Signature", strings.ToUpper(hex.EncodeToString(mac.Sum(nil))))
	req.Header.Set("Content-Type", "application/json")
	resp, err := h.http.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close() //nolint:errcheck // nothing is written
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("HTTP %d", resp.StatusCode)
	}
	return json.Unmarshal(data, out)
}

type packagesAnswer struct {
	Success bool `json:"success"`
	Data    struct {
		Packages []struct {
			Code     string      `json:"package_code"`
			Name     string      `json:"name"`
			Region   string      `json:"region"`
			Type     string      `json:"type"`
			DataGB   json.Number `json:"data_amount_gb"`
			Days     int         `json:"validity_days"`
			Cost     json.Number `json:"cost"`
			Currency string      `json:"currency"`
			Features struct {
				Voice        int  `json:"voice_minutes"`
				SMS          int  `json:"sms_count"`
				Rechargeable bool `json:"is_rechargeable"`
			} `json:"features"`
			Unlimited bool     `json:"is_unlimited"`
			Countries []string `json:"countries"`
			Locations []struct {
				Name      string `json:"locationName"`
				Operators []struct {
					Name string `json:"operatorName"`
					Type string `json:"networkType"`
				} `json:"operatorList"`
			} `json:"locationNetworkList"`
			Networks []struct {
				Name    string `json:"network_name"`
				Type    string `json:"network_type"`
				Country string `json:"country_iso2"`
				MCC     string `json:"mcc_code"`
				MNC     string `json:"mnc_code"`
			} `json:"networks"`
		} `json:"packages"`
	} `json:"data"`
}

func (h *handwritten) listPackages(ctx context.Context) ([]esim.Package, error) {
	var a packagesAnswer
	if err := h.call(ctx, http.MethodGet, "/esims/packages?limit=100&page=1", nil, &a); err != nil {
		return nil, err
	}
	list := make([]esim.Package, 0, len(a.Data.Packages))
	for _, p := range a.Data.Packages {
		price, err := esim.ParseMoney(p.Cost.String(), p.Currency)
		if err != nil {
			return nil, err
		}
		gb, err := p.DataGB.Int64()
		if err != nil {
			return nil, err
		}
		row := esim.Package{
			Provider: esimfly.Provider, ID: p.Code, Name: p.Name, Region: p.Region,
			Data: esim.DataSize(gb) * esim.GiB, Unlimited: p.Unlimited, ValidityDays: p.Days, Price: price,
			Rechargeable: &p.Features.Rechargeable, VoiceMinutes: esim.AllowanceOf(p.Features.Voice), SMS: esim.AllowanceOf(p.Features.SMS),
		}
		for _, c := range p.Countries {
			row.Countries = append(row.Countries, esim.Country(strings.ToUpper(c)))
		}
		for _, n := range p.Networks {
			row.Networks = append(row.Networks, esim.Network{
				Country: esim.Country(strings.ToUpper(n.Country)), Name: n.Name, MCC: n.MCC, MNC: n.MNC, Technology: n.Type,
			})
		}
		list = append(list, row)
	}
	return list, nil
}

type orderAnswer struct {
	Success   bool        `json:"success"`
	Reference string      `json:"orderReference"`
	Final     json.Number `json:"final_price"`
	ESIMs     []struct {
		ICCID string `json:"iccid"`
		LPA   string `json:"lpaString"`
	} `json:"esims"`
}

func (h *handwritten) order(ctx context.Context, packageID string) (*orderAnswer, error) {
	body, err := json.Marshal(map[string]any{"packageCode": packageID, "quantity": 1, "idempotency_key": uuid.NewString()})
	if err != nil {
		return nil, err
	}
	var a orderAnswer
	if err := h.call(ctx, http.MethodPost, "/esims/order", body, &a); err != nil {
		return nil, err
	}
	if !a.Success || len(a.ESIMs) != 1 {
		return nil, fmt.Errorf("order failed")
	}
	return &a, nil
}
