// Package ci holds the words that every other room uses: pushes, jobs, requests and the rows made of them.
package ci
