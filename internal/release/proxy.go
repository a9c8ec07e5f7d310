package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/mod/module"
	"golang.org/x/mod/sumdb/dirhash"
	"golang.org/x/mod/zip"
)

// publish writes one version of a module as a proxy serves it, and returns its
// lines for a go.sum.
func (t *tree) publish(m mod, version, proxy string) ([]sum, error) {
	dir := filepath.Join(t.dir, m.dir)
	if err := t.license(dir); err != nil {
		return nil, err
	}
	escaped, err := module.EscapePath(m.path)
	if err != nil {
		return nil, err
	}
	served := filepath.Join(proxy, filepath.FromSlash(escaped), "@v")
	if err = os.MkdirAll(served, 0o750); err != nil {
		return nil, err
	}
	self := module.Version{Path: m.path, Version: version}
	base := filepath.Join(served, version)
	var packed bytes.Buffer
	if err = zip.CreateFromDir(&packed, self, dir); err != nil {
		return nil, err
	}
	text, err := os.ReadFile(filepath.Join(dir, "go.mod"))
	if err != nil {
		return nil, err
	}
	info := fmt.Sprintf(`{"Version":%q,"Time":%q}`, version, time.Now().UTC().Format(time.RFC3339))
	if err = errors.Join(
		os.WriteFile(base+".zip", packed.Bytes(), 0o600),
		os.WriteFile(base+".mod", text, 0o600),
		os.WriteFile(base+".info", []byte(info), 0o600),
		os.WriteFile(filepath.Join(served, "list"), []byte(version+"\n"), 0o600),
	); err != nil {
		return nil, err
	}
	whole, err := dirhash.HashZip(base+".zip", dirhash.Hash1)
	if err != nil {
		return nil, err
	}
	file, err := dirhash.Hash1([]string{"go.mod"}, func(string) (io.ReadCloser, error) {
		return io.NopCloser(bytes.NewReader(text)), nil
	})
	if err != nil {
		return nil, err
	}
	return []sum{{self, whole}, {module.Version{Path: m.path, Version: version + "/go.mod"}, file}}, nil
}

// license lends a module the licence of the repository, as the go command does
// for one that has none of its own.
func (t *tree) license(dir string) error {
	own := filepath.Join(dir, "LICENSE")
	if _, err := os.Stat(own); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	text, err := os.ReadFile(filepath.Join(t.dir, "LICENSE"))
	if err != nil {
		return err
	}
	return os.WriteFile(own, text, 0o600)
}
