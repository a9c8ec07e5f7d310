package proof

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

func TestProof(t *testing.T) {
	cases := Enumerate("memory", Resellers())
	store := InMemory()
	rules := map[string]int{}
	example := map[string]string{}
	bad := 0
	for _, c := range cases {
		t.Run(c.Name(), func(t *testing.T) {
			r := Run(t, c, store, Resellers())
			if os.Getenv("V") != "" {
				t.Log("\n" + strings.Join(r.Trace, "\n"))
			}
			for _, f := range r.Findings {
				fmt.Println("F", c.Name(), "|", f.String())
			}
			seen := map[string]bool{}
			for _, f := range r.Findings {
				if !seen[f.Rule] {
					rules[f.Rule]++
					if rules[f.Rule] < 8 {
						example[f.Rule] += "\n      " + c.Name() + "   " + f.String()
					}
				}
				seen[f.Rule] = true
			}
			if len(r.Findings) > 0 {
				bad++
			}
		})
	}
	fmt.Println(len(cases), "cases", bad, "bad")
	for _, k := range sorted(rules) {
		fmt.Printf("%5d %s%.1700s\n", rules[k], k, example[k])
	}
}
