package main

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/esimkit/esim"
)

// popular are the destinations that come first.
var popular = [...]esim.Country{"JP", "US", "TH", "TR", "GB", "IT", "ES", "KR"}

type homeView struct {
	Query   string
	Missed  bool // the query was no country of ours
	Popular []destination
	All     []destination
}

// home shows the destinations. A query that names one leads to it.
func (s *shop) home(w http.ResponseWriter, r *http.Request) {
	v := homeView{Query: strings.TrimSpace(r.URL.Query().Get("q")), All: s.shelf.countries()}
	if v.Query != "" {
		found := match(v.All, v.Query)
		if len(found) == 1 {
			http.Redirect(w, r, "/to/"+string(found[0].Code), http.StatusSeeOther)
			return
		}
		v.Missed = len(found) == 0
		if !v.Missed {
			v.All = found
		}
	}
	for _, c := range popular {
		for _, d := range v.All {
			if d.Code == c {
				v.Popular = append(v.Popular, d)
			}
		}
	}
	s.show(w, r, http.StatusOK, "home", view{Title: "Data for your journey", Body: v})
}

// match returns the destinations that a query may mean: the one it names, or
// those whose name has a word that begins so.
func match(all []destination, query string) []destination {
	if c, err := esim.ParseCountry(query); err == nil {
		for _, d := range all {
			if d.Code == c {
				return []destination{d}
			}
		}
	}
	query = strings.ToLower(query)
	var found []destination
	for _, d := range all {
		name := " " + strings.ToLower(d.Code.Name())
		if strings.Contains(name, " "+query) {
			found = append(found, d)
		}
	}
	return found
}

type countryView struct {
	Country esim.Country
	Name    string
	Filter  filter
	Data    string // as chosen, in GB
	Days    string
	Offers  []offer
	All     int // without filters
}

// Sizes are the choices of least data, in GB.
func (countryView) Sizes() []string { return []string{"1", "3", "5", "10", "20", "50"} }

// Spans are the choices of least validity, in days.
func (countryView) Spans() []string { return []string{"3", "7", "15", "30", "90"} }

// Sorts are the orders in which offers can stand.
func (countryView) Sorts() []struct{ Key, Name string } {
	return []struct{ Key, Name string }{{"price", "lowest price"}, {"pergb", "price per GB"}, {"data", "most data"}}
}

// country compares what all resellers have for one country.
func (s *shop) country(w http.ResponseWriter, r *http.Request) {
	c := esim.Country(strings.ToUpper(r.PathValue("country")))
	all := s.shelf.search(c, filter{})
	if !c.Valid() || len(all) == 0 {
		s.say(w, r, http.StatusNotFound, "We have nothing for that country yet", "Search for another one on the first page.")
		return
	}
	q := r.URL.Query()
	v := countryView{Country: c, Name: c.Name(), All: len(all), Data: q.Get("data"), Days: q.Get("days")}
	v.Filter = parseFilter(q)
	v.Offers = s.shelf.search(c, v.Filter)
	s.show(w, r, http.StatusOK, "country", view{Title: "eSIMs for " + v.Name, Body: v})
}

// parseFilter reads a filter; what makes no sense does not narrow.
func parseFilter(q url.Values) filter {
	f := filter{Sort: q.Get("sort"), Unlimited: q.Get("unlimited") != ""}
	if n, err := strconv.Atoi(q.Get("data")); err == nil && n > 0 && n < 1000 {
		f.MinData = esim.DataSize(n) * esim.GB
	}
	if n, err := strconv.Atoi(q.Get("days")); err == nil && n > 0 && n < 1000 {
		f.MinDays = n
	}
	if f.Sort != "pergb" && f.Sort != "data" {
		f.Sort = "price"
	}
	return f
}
