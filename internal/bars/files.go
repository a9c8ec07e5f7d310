package main

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/scanner"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// maxFile is how many lines a file may have that is no test.
const maxFile = 400

// file is a Go file that is no test.
type file struct {
	path     string // from the repository's root, with slashes
	folder   string // "." is the root
	name     string
	physical int
	code     int // lines with at least one token; no blanks, no comments
	tokens   []line
	syntax   *ast.File
	at       *token.FileSet
}

// line is the text of a line's tokens, so that comments and spaces do not count.
type line struct {
	number int
	text   string
}

func readFiles(root string) ([]*file, error) {
	var files []*file
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := d.Name()
		if d.IsDir() {
			if path != root && (strings.HasPrefix(name, ".") || name == "testdata" || name == "node_modules") {
				return filepath.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			return nil
		}
		text, err := os.ReadFile(path) //nolint:gosec // a file of this repository
		if err != nil {
			return err
		}
		below, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		f, err := newFile(filepath.ToSlash(below), text)
		files = append(files, f)
		return err
	})
	return files, err
}

func newFile(path string, text []byte) (*file, error) {
	f := &file{
		path: path, name: filepath.Base(path), folder: filepath.ToSlash(filepath.Dir(path)),
		physical: bytes.Count(text, []byte("\n")), at: token.NewFileSet(),
	}
	var err error
	if f.syntax, err = parser.ParseFile(f.at, path, text, parser.SkipObjectResolution|parser.ParseComments); err != nil {
		return nil, err
	}
	if ast.IsGenerated(f.syntax) {
		f.physical = 0 // nobody reads it
	}
	set := token.NewFileSet()
	of := set.AddFile(path, -1, len(text))
	var s scanner.Scanner
	s.Init(of, text, nil, 0)
	for {
		pos, tok, literal := s.Scan()
		if tok == token.EOF {
			break
		}
		if tok == token.SEMICOLON && literal == "\n" {
			continue
		}
		word := literal
		if word == "" {
			word = tok.String()
		}
		f.put(of.Line(pos), word)
	}
	f.code = 0
	for i := range f.tokens {
		f.code += 1 + strings.Count(f.tokens[i].text, "\n") // a raw string has several lines
	}
	return f, nil
}

func (f *file) put(number int, word string) {
	if n := len(f.tokens); n > 0 && f.tokens[n-1].number == number {
		f.tokens[n-1].text += " " + word
		return
	}
	f.tokens = append(f.tokens, line{number, word})
}
