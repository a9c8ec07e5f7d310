package esimstory

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/adapter"
)

// column reads one property of a package from the cells of its row. An empty
// cell and a missing column are the same.
type column struct {
	name string
	read func(p *esim.Package, cells map[string]string) error
}

// columns is what a price sheet may have. Later ones may look at what earlier
// ones have read.
var columns = []column{
	{"option_id", readOptionID},
	{"name", readName},
	{"countries", readCountries},
	{"region", readRegion},
	{"kind", readKind},
	{"data", readData},
	{"days", func(p *esim.Package, cells map[string]string) (err error) {
		p.ValidityDays, err = readCount(cells["days"], 0)
		return err
	}},
	{"currency", readCurrency},
	{"price", readPrice},
	{"voice_minutes", func(p *esim.Package, cells map[string]string) (err error) {
		p.VoiceMinutes, err = readCount(cells["voice_minutes"], -1)
		return err
	}},
	{"sms", func(p *esim.Package, cells map[string]string) (err error) {
		p.SMS, err = readCount(cells["sms"], -1)
		return err
	}},
}

const (
	maxName  = 200
	maxCount = 100_000
)

// readOptionID wants an id that can be ordered: the checks of an order are
// the checks here.
func readOptionID(p *esim.Package, cells map[string]string) error {
	p.ID = cells["option_id"]
	check := new(adapter.API).Check(context.Background(), "")
	check.ID("it", p.ID)
	if e, ok := errors.AsType[*esim.Error](check.Err()); ok {
		return errors.New(e.Message)
	}
	return nil
}

func readName(p *esim.Package, cells map[string]string) error {
	p.Name = cells["name"]
	if p.Name == "" {
		return errors.New("it is empty")
	}
	return checkText(p.Name)
}

func readRegion(p *esim.Package, cells map[string]string) error {
	p.Region = cells["region"]
	return checkText(p.Region)
}

func checkText(text string) error {
	check := new(adapter.API).Check(context.Background(), "")
	check.Text("it", text, maxName)
	if e, ok := errors.AsType[*esim.Error](check.Err()); ok {
		return errors.New(e.Message)
	}
	return nil
}

func readCountries(p *esim.Package, cells map[string]string) error {
	for name := range strings.SplitSeq(cells["countries"], ";") {
		name = strings.TrimSpace(name)
		if name == "" {
			continue
		}
		country, err := esim.ParseCountry(name)
		if err != nil {
			return fmt.Errorf("%.60q is not a country; use ISO 3166-1 codes or names, with ; between them", name)
		}
		if !slices.Contains(p.Countries, country) {
			p.Countries = append(p.Countries, country)
		}
	}
	return nil
}

// readKind derives what is not stated where the countries settle it. Only the
// partner can say that a package is sold as global.
func readKind(p *esim.Package, cells map[string]string) error {
	switch {
	case cells["kind"] != "":
		if p.Kind.UnmarshalText([]byte(strings.ToLower(cells["kind"]))) != nil {
			return errors.New("it is not local, regional or global")
		}
	case len(p.Countries) == 1:
		p.Kind = esim.KindLocal
	case len(p.Countries) > 1:
		p.Kind = esim.KindRegional
	}
	return nil
}

func readData(p *esim.Package, cells map[string]string) (err error) {
	text := cells["data"]
	switch {
	case text == "":
		return nil
	case strings.EqualFold(text, "unlimited"):
		p.Unlimited = true
		return nil
	}
	p.Data, err = esim.ParseDataSize(text)
	if err == nil && p.Data <= 0 {
		return errors.New("it is not more than nothing")
	}
	return err
}

func readCount(text string, unstated int) (int, error) {
	if text == "" {
		return unstated, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 || n > maxCount || strconv.Itoa(n) != text {
		return unstated, errors.New("it is not a whole number")
	}
	return n, nil
}

// readCurrency keeps the currency in a price of 0 until the price is read.
func readCurrency(p *esim.Package, cells map[string]string) (err error) {
	if cells["currency"] == "" && cells["price"] != "" {
		return errors.New("it is empty, and there is a price")
	}
	if cells["currency"] != "" {
		_, err = esim.ParseMoney("0", cells["currency"])
	}
	return err
}

func readPrice(p *esim.Package, cells map[string]string) error {
	if cells["price"] == "" {
		return nil
	}
	amount, err := esim.ParseAmount(cells["price"])
	if err != nil {
		return err
	}
	if !amount.IsPos() {
		return errors.New("it is not more than 0")
	}
	price, err := esim.NewMoney(amount, cells["currency"])
	if err == nil {
		p.Price = price
	}
	return nil // the currency has a finding of its own
}
