//go:build !(linux || darwin || freebsd || netbsd || openbsd || dragonfly)

package sim

import "os"

// lock does nothing here: one process at a time may write to a journal.
func lock(*os.File) error { return nil }

func unlock(*os.File) {}
