// Package rules compiles and evaluates the expressions of workflows, and the named rules and decision tables that they call.
package rules
