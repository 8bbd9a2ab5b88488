package main

import "runtime/debug"

// version is this program's; empty where it was not built from a module.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "(devel)" {
		return ""
	}
	return info.Main.Version
}
