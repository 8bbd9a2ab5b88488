//go:build !unix

package main

import "os"

// columnsOf is 0: how wide the terminal is cannot be asked here.
func columnsOf(*os.File) int { return 0 }
