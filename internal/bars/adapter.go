package main

import (
	"go/ast"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// bar is what an adapter may need to be a client.
type bar struct {
	folder string
	lines  int // of code, in all files but doc.go, webhook*.go and extras_*.go
}

var adapters = []bar{{"esimfly", 1550}, {"esimfx", 900}, {"esimstory", 560}}

const (
	maxRooms = 14 // files of an adapter
	minRoom  = 40 // code lines of a file; doc.go may have less
	shareAt  = 10 // lines in a row that two adapters may not share
)

// rooms are the files that every adapter has, or may have.
var rooms = regexp.MustCompile(`^(doc|config|client|catalog|order|topup|esim|wire|convert|errors|webhook\w*|extras_\w+)\.go$`)

// besides are the files that a client does not need.
var besides = regexp.MustCompile(`^(doc|webhook\w*|extras_\w+)\.go$`)

// policy are words of the kit: what an adapter says with them, it decides.
var policy = regexp.MustCompile(`(?i)standing|recall|withheld|doubt`)

// timers are what package time does by itself, later.
var timers = []string{"After", "AfterFunc", "NewTicker", "NewTimer", "Sleep", "Tick"}

type adapter struct {
	bar
	files []*file
}

func newAdapter(b bar, files []*file) *adapter {
	a := &adapter{bar: b}
	for _, f := range files {
		if f.folder == b.folder {
			a.files = append(a.files, f)
		}
	}
	return a
}

func (a *adapter) judge(r *report) {
	lines := 0
	for _, f := range a.files {
		if !besides.MatchString(f.name) {
			lines += f.code
		}
		if !rooms.MatchString(f.name) {
			r.breaks("%s: no room that an adapter has", f.path)
		}
		if f.code < minRoom && f.name != "doc.go" {
			r.breaks("%s: %d code lines, at least %d", f.path, f.code, minRoom)
		}
		a.structure(r, f)
	}
	r.add("code lines that make "+a.folder+" a client", lines, a.lines)
	r.add("files of "+a.folder, len(a.files), maxRooms)
}

// structure finds policy: memory, waiting and concurrency are the kit's.
func (a *adapter) structure(r *report, f *file) {
	for _, i := range f.syntax.Imports {
		if path := strings.Trim(i.Path.Value, `"`); path == "sync" || path == "sync/atomic" {
			r.breaks("%s imports %s", f.path, path)
		}
	}
	ast.Inspect(f.syntax, func(n ast.Node) bool {
		what := ""
		switch n := n.(type) {
		case *ast.GoStmt:
			what = "starts a goroutine"
		case *ast.SelectorExpr:
			if x, ok := n.X.(*ast.Ident); ok && x.Name == "time" && slices.Contains(timers, n.Sel.Name) {
				what = "waits by time." + n.Sel.Name
			}
		case *ast.Ident:
			if policy.MatchString(n.Name) {
				what = "decides by " + n.Name
			}
		case *ast.TypeSpec:
			if n.Name.Name == "Client" {
				what = remembers(n.Type)
			}
		}
		if what != "" {
			r.breaks("%s %s", f.at.Position(n.Pos()), what)
		}
		return true
	})
}

// remembers says what of a type changes after it was made, "" if nothing does.
func remembers(t ast.Expr) string {
	what := ""
	ast.Inspect(t, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.MapType:
			what = "has a map in its client"
		case *ast.ChanType:
			what = "has a channel in its client"
		case *ast.SelectorExpr:
			if strings.HasSuffix(n.Sel.Name, "Mutex") {
				what = "has a mutex in its client"
			}
		}
		return true
	})
	return what
}

// shared finds what two adapters have both written: that belongs to the kit.
func shared(r *report, all []*adapter) {
	where := make(map[string]*file)
	for i, a := range all {
		mine := make(map[string]*file)
		for _, f := range a.files {
			for at := 0; at+shareAt <= len(f.tokens); at++ {
				run := f.tokens[at : at+shareAt]
				var lines strings.Builder
				for _, l := range run {
					lines.WriteString(l.text + "\n")
				}
				text := lines.String()
				if other, ok := where[text]; ok && i > 0 {
					r.breaks("%s:%d: %d lines that stand in %s, too", f.path, run[0].number, shareAt, other.path)
				}
				mine[text] = f
			}
		}
		maps.Copy(where, mine)
	}
}
