package pricesheet

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/esimkit/esim"
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
	{"option_id", readID},
	{"name", readName},
	{"countries", readCountries},
	{"region", readRegion},
	{"kind", readKind},
	{"data", readData},
	{"full_speed_per_day", readFullSpeed},
	{"fair_use", readFairUse},
	{"days", count("days", func(p *esim.Package, n int) { p.ValidityDays = n })},
	{"validity_start", readValidityStart},
	{"install_within_days", count("install_within_days", func(p *esim.Package, n int) { p.InstallWithinDays = n })},
	{"currency", readCurrency},
	{"price", price("price", func(p *esim.Package, m esim.Money) { p.Price = m })},
	{"min_price", price("min_price", func(p *esim.Package, m esim.Money) { p.MinPrice = m })},
	{"voice_minutes", allowance("voice_minutes", func(p *esim.Package, a esim.Allowance) { p.VoiceMinutes = a })},
	{"sms", allowance("sms", func(p *esim.Package, a esim.Allowance) { p.SMS = a })},
}

const (
	maxID   = 128 // bytes
	maxText = 200
)

var errEmpty = errors.New("it is empty")

func readID(p *esim.Package, cells map[string]string) error {
	p.ID = cells["option_id"]
	return checkID(p.ID)
}

// checkID checks an id that can be ordered by.
func checkID(id string) error {
	switch {
	case id == "":
		return errEmpty
	case len(id) > maxID:
		return fmt.Errorf("it is longer than %d bytes", maxID)
	case strings.ContainsFunc(id, func(c rune) bool { return !unicode.IsPrint(c) || c == unicode.ReplacementChar }):
		return errors.New("it contains a character that cannot be seen")
	}
	return nil
}

func readName(p *esim.Package, cells map[string]string) error {
	p.Name = cells["name"]
	if p.Name == "" {
		return errEmpty
	}
	return checkText(p.Name)
}

func readRegion(p *esim.Package, cells map[string]string) error {
	p.Region = cells["region"]
	if strings.EqualFold(p.Region, missing) {
		return errors.New("NA may be North America or an empty cell; write it out, or leave it empty")
	}
	return checkText(p.Region)
}

// checkText checks free text. A formula that failed leaves a word like #REF!.
func checkText(text string) error {
	switch {
	case len(text) > maxText:
		return fmt.Errorf("it is longer than %d bytes", maxText)
	case strings.ContainsFunc(text, unicode.IsControl):
		return errors.New("it contains a control character")
	case text == "#N/A", strings.HasPrefix(text, "#") && strings.ContainsAny(text[len(text)-1:], "!?#"):
		return errors.New("it is an error of the spreadsheet")
	}
	return nil
}

func readCountries(p *esim.Package, cells map[string]string) error {
	names, err := listed(cells["countries"])
	for _, name := range names {
		name = clean(name)
		if name == "" {
			continue
		}
		country, unknown := esim.ParseCountry(name)
		if unknown != nil {
			return fmt.Errorf("%.60q is not a country; use ISO 3166-1 codes or names, with ; between them", name)
		}
		if !slices.Contains(p.Countries, country) {
			p.Countries = append(p.Countries, country)
		}
	}
	return err
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

const unlimited = "unlimited"

func readData(p *esim.Package, cells map[string]string) (err error) {
	if strings.EqualFold(cells["data"], unlimited) {
		p.Unlimited = true
		return nil
	}
	p.Data, err = size(cells["data"])
	return err
}

func readFullSpeed(p *esim.Package, cells map[string]string) (err error) {
	p.FullSpeedPerDay, err = size(cells["full_speed_per_day"])
	return err
}

func size(text string) (esim.DataSize, error) {
	if text == "" {
		return 0, nil
	}
	d, err := esim.ParseDataSize(text)
	switch {
	case err != nil:
		return 0, plain(err)
	case d <= 0:
		return 0, errors.New("it is not more than nothing")
	}
	return d, nil
}

func readFairUse(p *esim.Package, cells map[string]string) error {
	p.FairUse = cells["fair_use"]
	return checkText(p.FairUse)
}

func readValidityStart(p *esim.Package, cells map[string]string) error {
	word := strings.ToLower(cells["validity_start"])
	if word != "" && p.ValidityStart.UnmarshalText([]byte(word)) != nil {
		return errors.New("it is not purchase, installation or first use")
	}
	return nil
}

func count(name string, put func(*esim.Package, int)) func(*esim.Package, map[string]string) error {
	return func(p *esim.Package, cells map[string]string) error {
		if cells[name] == "" {
			return nil
		}
		n, err := whole(cells[name])
		if err == nil {
			put(p, n)
		}
		return err
	}
}

func allowance(name string, put func(*esim.Package, esim.Allowance)) func(*esim.Package, map[string]string) error {
	number := count(name, func(p *esim.Package, n int) { put(p, esim.AllowanceOf(n)) })
	return func(p *esim.Package, cells map[string]string) error {
		if strings.EqualFold(cells[name], unlimited) {
			put(p, esim.UnlimitedAllowance())
			return nil
		}
		return number(p, cells)
	}
}

func readCurrency(_ *esim.Package, cells map[string]string) error {
	switch {
	case cells["currency"] != "":
		_, err := esim.ParseMoney("0", cells["currency"])
		return plain(err)
	case cells["price"] != "" || cells["min_price"] != "":
		return errors.New("it is empty, and there is a price")
	}
	return nil
}

// price leaves a currency that cannot be read to its own column.
func price(name string, put func(*esim.Package, esim.Money)) func(*esim.Package, map[string]string) error {
	return func(p *esim.Package, cells map[string]string) error {
		if cells[name] == "" {
			return nil
		}
		amount, err := esim.ParseMoney(cells[name], "")
		switch {
		case err != nil:
			return plain(err)
		case amount.Sign() <= 0:
			return errors.New("it is not more than 0")
		}
		if m, err := amount.WithCurrency(cells["currency"]); err == nil && m.Currency() != "" {
			put(p, m)
		}
		return nil
	}
}

// plain is an error without the package that it comes from.
func plain(err error) error {
	if err == nil {
		return nil
	}
	return errors.New(strings.TrimPrefix(err.Error(), "esim: "))
}
