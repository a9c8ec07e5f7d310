// Command bars measures what this repository has promised to keep small, and
// fails where a bar is broken. It reads sources alone.
//
//	go run ./internal/bars
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"regexp"
)

func main() {
	root := flag.String("C", ".", "the repository")
	flag.Parse()
	report, err := measure(*root)
	if err != nil {
		fmt.Fprintln(os.Stderr, "bars:", err)
		os.Exit(1)
	}
	for _, line := range report.measured {
		fmt.Println(line)
	}
	for _, line := range report.broken {
		fmt.Println("BROKEN:", line)
	}
	if len(report.broken) > 0 {
		os.Exit(1)
	}
}

// report is what was measured, and which bars it breaks.
type report struct {
	measured, broken []string
}

func (r *report) add(what string, is, bar int) {
	r.measured = append(r.measured, fmt.Sprintf("%6d of %5d  %s", is, bar, what))
	if is > bar {
		r.breaks("%s: %d, at most %d", what, is, bar)
	}
}

func (r *report) breaks(format string, args ...any) {
	r.broken = append(r.broken, fmt.Sprintf(format, args...))
}

func measure(root string) (*report, error) {
	r := new(report)
	files, err := readFiles(root)
	if err != nil {
		return nil, err
	}
	for _, f := range files {
		if f.physical > maxFile {
			r.breaks("%s: %d lines, at most %d", f.path, f.physical, maxFile)
		}
	}
	names, err := documented(root)
	if err != nil {
		return nil, err
	}
	r.add("names that go doc shows of the root", names, maxNames)
	all := make([]*adapter, len(adapters))
	for i, bar := range adapters {
		all[i] = newAdapter(bar, files)
		all[i].judge(r)
	}
	shared(r, all)
	return r, nil
}

// maxNames is how many names go doc may show of the root.
const maxNames = 58

var name = regexp.MustCompile(`(?m)^(func|type|var|const)`)

func documented(root string) (int, error) {
	page := exec.CommandContext(context.Background(), "go", "doc", ".")
	page.Dir = root
	text, err := page.Output()
	return len(name.FindAll(text, -1)), err
}
