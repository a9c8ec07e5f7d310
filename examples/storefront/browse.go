package main

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/catalog"
)

// popular are the destinations that come first.
var popular = [...]esim.Country{"JP", "US", "TH", "TR", "GB", "IT", "ES", "KR"}

type homeView struct {
	Query   string
	Missed  bool // the query was no country of ours
	Popular []popularView
	All     []destination
}

type popularView struct {
	destination

	From esim.Money
}

// home shows the destinations. A query that names one leads to it.
func (s *shop) home(w http.ResponseWriter, r *http.Request) {
	v := homeView{Query: strings.TrimSpace(r.URL.Query().Get("q")), All: s.countries()}
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
				v.Popular = append(v.Popular, popularView{d, s.from(c)})
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
	Offers  []offer
	Fit     int    // on all pages
	All     int    // without filters
	Next    string // where the offers go on, "" = nowhere
}

// filter is how a customer narrows and orders the offers, as the form has it.
// What makes no sense in it does not narrow.
type filter struct {
	Data, Days string // at least, in GB and days; "" = any
	Unlimited  bool
	Sort       string
}

// sorts are the orders in which offers can stand. The first one is the usual.
var sorts = [...]struct {
	Key, Name string
	By        catalog.Sort
}{
	{"price", "lowest price", catalog.ByPrice},
	{"pergb", "price per GB", catalog.ByPricePerGB},
	{"perday", "price per day", catalog.ByPricePerDay},
}

// Sizes are the choices of least data, in GB.
func (countryView) Sizes() []string { return []string{"1", "3", "5", "10", "20", "50"} }

// Spans are the choices of least validity, in days.
func (countryView) Spans() []string { return []string{"3", "7", "15", "30", "90"} }

// Sorts are the orders in which offers can stand.
func (countryView) Sorts() any { return sorts }

// perPage is how many offers a page has; there may be hundreds.
const perPage = 60

// country compares what all resellers have for one country.
func (s *shop) country(w http.ResponseWriter, r *http.Request) {
	c := esim.Country(strings.ToUpper(r.PathValue("country")))
	all := s.shelf.Search(catalog.Query{Countries: []esim.Country{c}, Limit: 1, Facets: true})
	if all.Err != nil || all.Facets.Total == 0 {
		s.say(w, r, http.StatusNotFound, "We have nothing for that country yet", "Search for another one on the first page.")
		return
	}
	form := r.URL.Query()
	v := countryView{Country: c, Name: c.Name(), All: all.Facets.Total, Filter: readFilter(form)}
	query := v.Filter.query(c)
	query.After = form.Get("after")
	offers, page := s.search(query)
	if page.Err != nil { // an old link
		query.After = ""
		offers, page = s.search(query)
	}
	v.Offers = offers
	if page.Facets != nil {
		v.Fit = page.Facets.Total
	}
	if page.Next != "" {
		form.Set("after", page.Next)
		v.Next = "/to/" + string(c) + "?" + form.Encode()
	}
	s.show(w, r, http.StatusOK, "country", view{Title: "eSIMs for " + v.Name, Body: v})
}

func readFilter(form url.Values) filter {
	return filter{Data: form.Get("data"), Days: form.Get("days"), Unlimited: form.Get("unlimited") != "", Sort: form.Get("sort")}
}

func (f filter) query(c esim.Country) catalog.Query {
	q := catalog.Query{Countries: []esim.Country{c}, Limit: perPage, Facets: true}
	if n, err := strconv.Atoi(f.Data); err == nil && n > 0 && n < 1000 {
		q.MinData = esim.DataSize(n) * esim.GB
	}
	if n, err := strconv.Atoi(f.Days); err == nil && n > 0 && n < 1000 {
		q.MinDays = n
	}
	if f.Unlimited {
		q.Unlimited = catalog.Yes
	}
	for _, s := range sorts {
		if s.Key == f.Sort {
			q.Sort = s.By
		}
	}
	return q
}
