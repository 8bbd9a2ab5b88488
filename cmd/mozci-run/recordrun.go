package main

// recordRun runs a workflow and keeps all that it asks.
func (c *command) recordRun(args []string, o recordOrder) error { return nil }
