// Mozci-run finds the push that broke a CI job: a workflow in YAML says how, and mozci-run runs it.
package main

func main() {}
