//go:build unix

package pgtest

import (
	"os"
	"syscall"
)

// nobody is the user and group that own nothing, by custom everywhere.
const nobody = 65534

// unprivileged makes a child of root run as nobody, since PostgreSQL refuses
// to run as root.
func unprivileged() *syscall.SysProcAttr {
	if os.Geteuid() != 0 {
		return &syscall.SysProcAttr{}
	}
	return &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
}

// giveAway makes the directory the property of that user.
func giveAway(dir string) error {
	if os.Geteuid() != 0 {
		return nil
	}
	return os.Chown(dir, nobody, nobody)
}
