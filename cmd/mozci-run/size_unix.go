//go:build unix

package main

import (
	"os"

	"golang.org/x/sys/unix"
)

// sizeOf is how many columns and rows a terminal has; 0 where f is none, or does not know.
func sizeOf(f *os.File) (columns, rows int) {
	size, err := unix.IoctlGetWinsize(int(f.Fd()), unix.TIOCGWINSZ)
	if err != nil {
		return 0, 0
	}
	return int(size.Col), int(size.Row)
}
