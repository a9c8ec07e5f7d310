package simulator

import (
	"encoding/json"
	"slices"
)

// listWorlds adds the worlds of a provider that has lists.
func listWorlds(list []World) []World {
	p := list[0].Provider
	return append(list, namedFor(p, []World{
		{
			Name: "short-pages",
			Does: "Each page of a list lacks the row in its middle.",
			set:  func(r *rules) { r.rows = withoutMiddle },
		},
		{
			Name: "odd-cells",
			Does: "Every fifth row of a list, from the second, third and fourth on, has a cell that cannot be read.",
			set:  func(r *rules) { r.rows = withOddCells },
		},
	})...)
}

// withoutMiddle leaves out a row, unless there is only one.
func withoutMiddle(rows []json.RawMessage) []json.RawMessage {
	if len(rows) < 2 {
		return rows
	}
	i := len(rows) / 2
	return slices.Delete(slices.Clone(rows), i, i+1)
}

// oddities are what stands in some cells: in the second, third and fourth row
// of every five, by the names that the providers' rows have for these things.
func oddities() [3]map[string]string {
	return [3]map[string]string{
		{"cost": `"on request"`, "price": `"on request"`, "amount": `{"usd":1}`, "usage_percentage": `"low"`},
		{"validity_days": `"a month"`, "duration": `"a month"`, "validity": `"a month"`, "created_at": `"yesterday"`, "creation_time": `"yesterday"`},
		{"package_code": `null`, "id": `null`, "order_reference": `null`, "iccid": `false`},
	}
}

func withOddCells(rows []json.RawMessage) []json.RawMessage {
	rows = slices.Clone(rows)
	for i := range rows {
		if i%5 < 1 || i%5 > 3 {
			continue
		}
		cells := members(rows[i])
		for j, m := range cells {
			if odd := oddities()[i%5-1][m.name]; odd != "" {
				cells[j].value = json.RawMessage(odd)
			}
		}
		rows[i] = join(cells)
	}
	return rows
}
