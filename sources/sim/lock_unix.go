//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package sim

import (
	"os"
	"syscall"
)

// lock waits until no other process holds the file. A process that ends lets go of it.
func lock(f *os.File) error { return syscall.Flock(int(f.Fd()), syscall.LOCK_EX) }

func unlock(f *os.File) { _ = syscall.Flock(int(f.Fd()), syscall.LOCK_UN) } // a file that is closed is held by nobody
