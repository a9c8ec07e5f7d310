// Command release makes of this tree what strangers get: one version of every
// module of go.work, without a replace, as go get and go install read them.
//
//	go run ./internal/release alone                  builds each module by itself; are they tidy?
//	go run ./internal/release -write alone           makes them tidy
//	go run ./internal/release consumer               gets each one into an empty module
//	go run ./internal/release next v0.2.0            shows what that release changes
//	go run ./internal/release -write next v0.2.0     changes it
//
// A module below internal/ is a tool or a test of this repository: it is bound
// like the others and never published.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"strings"
)

func main() {
	dir := flag.String("dir", ".", "the tree, that is the folder of its go.work")
	write := flag.Bool("write", false, "alone and next: write the files instead of naming them")
	try := flag.String("run", "", "consumer: a command of the first module to run at its version, such as examples/quickstart")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	err := do(ctx, os.Stdout, *dir, *try, *write, flag.Args())
	if err != nil {
		fmt.Fprintln(os.Stderr, "release:", err)
		stop()
		os.Exit(1)
	}
}

func do(ctx context.Context, out io.Writer, dir, try string, write bool, args []string) error {
	t, err := read(dir)
	if err != nil {
		return err
	}
	switch {
	case len(args) == 1 && args[0] == "alone":
		return alone(ctx, out, t, write)
	case len(args) == 1 && args[0] == "consumer":
		return consume(ctx, out, t, try)
	case len(args) == 2 && args[0] == "next":
		return next(ctx, out, t, args[1], write)
	}
	return errors.New("alone, consumer, or next and a version")
}

// command runs one command and returns what it wrote to its standard output;
// its error holds what it wrote to the other.
func command(ctx context.Context, dir string, env []string, name string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), env...)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	text, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("%s %s: %w\n%s%s", name, strings.Join(args, " "), err, text, stderr.String())
	}
	return string(text), nil
}
