package pgtest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/jackc/pgx/v5"
)

// Server is a PostgreSQL server of this process.
type Server struct {
	bin, dir string
	settings []string
	guard    *exec.Cmd
	lifeline io.WriteCloser
}

// Options chooses what kind of server is started.
type Options struct {
	// Durable keeps fsync on, for tests that kill the server and for
	// measurements. Everything else is quicker without.
	Durable bool
}

// guardScript runs the server as its child until its own standard input ends,
// which the kernel sees to even when this process is killed. The word "keep"
// means that the directory is still needed.
const guardScript = `dir=$1; shift
"$@" >>"$dir/log" 2>&1 </dev/null &
pid=$!
read -r word
kill -INT "$pid" 2>/dev/null
wait "$pid"
test "$word" = keep || rm -rf "$dir"`

const patience = 60 * time.Second // for a start on a busy machine

// Start makes a new, empty server. Stop ends it.
func Start(ctx context.Context, o Options) (*Server, error) {
	bin, err := findBinaries(ctx)
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "esim-pg") // short: a socket's path has at most some 100 bytes
	if err != nil {
		return nil, err
	}
	s := &Server{bin: bin, dir: dir}
	// Autovacuum would only disturb what is measured; statistics are gathered
	// by hand where a plan matters.
	s.settings = []string{
		"listen_addresses=", "unix_socket_directories=" + dir, "max_connections=300",
		"shared_buffers=128MB", "max_wal_size=4GB", "autovacuum=off",
	}
	if !o.Durable {
		s.settings = append(s.settings, "fsync=off", "full_page_writes=off")
	}
	if err := s.init(ctx); err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	return s, s.run(ctx)
}

func (s *Server) init(ctx context.Context) error {
	if err := giveAway(s.dir); err != nil {
		return err
	}
	initdb := s.command(ctx, filepath.Join(s.bin, "initdb"), "--no-sync", "--auth=trust", "--username=postgres",
		"--encoding=UTF8", "--locale=C", "--pgdata="+s.data())
	if out, err := initdb.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w\n%s", err, out)
	}
	return nil
}

func (s *Server) data() string { return filepath.Join(s.dir, "data") }

// command runs a program as the user of the server, which cannot be root.
func (s *Server) command(ctx context.Context, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, name, args...) //nolint:gosec // the server's own programs
	cmd.Dir = s.dir
	cmd.SysProcAttr = unprivileged()
	return cmd
}

// run starts the server process and waits until it answers.
func (s *Server) run(ctx context.Context) error {
	args := []string{"-c", guardScript, "guard", s.dir, filepath.Join(s.bin, "postgres"), "-D", s.data()}
	for _, setting := range s.settings {
		args = append(args, "-c", setting)
	}
	// Not under ctx: the server outlives the call.
	s.guard = s.command(context.WithoutCancel(ctx), "/bin/sh", args...)
	lifeline, err := s.guard.StdinPipe()
	if err != nil {
		return err
	}
	s.lifeline = lifeline
	if err := s.guard.Start(); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		err := s.ping(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-time.After(20 * time.Millisecond):
		case <-ctx.Done():
			log, _ := os.ReadFile(filepath.Join(s.dir, "log")) // what there is of it
			return errors.Join(fmt.Errorf("PostgreSQL does not start: %w\n%s", err, log), s.Stop())
		}
	}
}

func (s *Server) ping(ctx context.Context) error {
	conn, err := pgx.Connect(ctx, s.URL("postgres"))
	if err != nil {
		return err
	}
	return conn.Close(ctx)
}

// URL returns the address of a database of this server, for its superuser.
func (s *Server) URL(database string) string {
	return "postgres://postgres@/" + url.PathEscape(database) + "?host=" + url.QueryEscape(s.dir)
}

// Stop ends the server and removes its files.
func (s *Server) Stop() error { return s.end("") }

// Crash stops the server as a power failure of its processes would: nothing is
// written any more, and the next start recovers from the log.
func (s *Server) Crash(ctx context.Context) error {
	stop := s.command(ctx, filepath.Join(s.bin, "pg_ctl"), "stop", "--mode=immediate", "--pgdata="+s.data())
	if out, err := stop.CombinedOutput(); err != nil {
		return fmt.Errorf("pg_ctl: %w\n%s", err, out)
	}
	return s.end("keep\n")
}

// Restart starts the server again after a Crash.
func (s *Server) Restart(ctx context.Context) error { return s.run(ctx) }

func (s *Server) end(word string) error {
	_, err := io.WriteString(s.lifeline, word)
	if err = errors.Join(err, s.lifeline.Close()); err != nil {
		return err
	}
	// The status of the guard is that of the last command of its script; a
	// crashed server has a bad one, on purpose.
	if err := s.guard.Wait(); err != nil && word == "" {
		return fmt.Errorf("stopping PostgreSQL: %w", err)
	}
	return nil
}
