// Package pricesheet reads the price sheet of an eSIM Story partner.
//
// eSIM Story has no catalogue call. A partner is given options and prices as a
// file, and [ReadCSV] or [ReadJSON] turns that file into packages:
//
//	packages, err := pricesheet.ReadCSV(file)
//	client, err := esimstory.New(esimstory.Config{…, Catalog: packages})
//
// A sheet is read whole or not at all, because a price that was misread costs
// money. Each [Finding] says the line, the package, the column and the problem.
// [Skip] opens a shop with the packages that can be read, and reports the rest.
//
// # Columns
//
//	option_id      the id to order by; required
//	name           what to call it; required
//	countries      ISO 3166-1 codes or names, with ; between them
//	region         the partner's own word
//	kind           local, regional or global; empty = by the number of countries
//	data           a size with its unit, "5 GB" (10⁹ bytes) or "5 GiB", or "unlimited"
//	days           validity in days
//	price          of one unit, "2.72", with a decimal point
//	currency       ISO 4217, of both prices, required with one
//	voice_minutes  minutes of calls, or "unlimited"
//	sms            number of messages, or "unlimited"
//
//	full_speed_per_day   a size: what is over it in a day comes slower
//	fair_use             the limits of fair use, in words
//	validity_start       purchase, installation or "first use"
//	install_within_days  after the purchase
//	min_price            the lowest price at which one may be sold
//
// They come in any order. Letter case, spaces and punctuation of a heading do
// not matter: "Option ID" is option_id. An empty cell and a missing column mean
// "not stated". A column is skipped if its heading begins with #, and any other
// heading is a finding: a misspelt "price" would cost the price guard.
//
// # What programs leave behind
//
// Spreadsheets and data frames write more than their users see. Whatever has one
// meaning only is read:
//
//   - a byte order mark, "sep=;" above the headings, line ends of any system;
//   - rows of nothing but separators, separators at the end of a row, headings
//     that are repeated further down;
//   - white space of any kind around and within texts, ="text" for text;
//   - NaN, null, None, n/a, <NA> and NA for an empty cell;
//   - 30.0, 30,00 and 1 000 for whole numbers;
//   - a column in front, without a heading, that numbers the rows;
//   - in JSON: bare NaN, and one object a line instead of an array;
//   - ['JP', 'KR'] for a list of countries.
//
// Whatever may mean two things is a finding. "1.000" days may be one day or a
// thousand. NA among the countries is Namibia, unless other cells of the sheet
// have NA for "empty".
package pricesheet
