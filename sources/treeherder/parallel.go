package treeherder

import (
	"context"
	"errors"
	"sync"
)

// atOnce is how many questions one query asks side by side: what these services allow a client.
const atOnce = 10

// each calls f for 0 to n-1, some at once. It returns the error of the lowest index that failed by itself; the others are
// then cancelled. All calls have ended when it returns.
func each(ctx context.Context, n int, f func(ctx context.Context, i int) error) error {
	inner, cancel := context.WithCancel(ctx)
	defer cancel()
	errs := make([]error, n)
	slots := make(chan struct{}, atOnce)
	var group sync.WaitGroup
	for i := range n {
		slots <- struct{}{}
		if inner.Err() != nil {
			break
		}
		group.Go(func() {
			defer func() { <-slots }()
			if errs[i] = f(inner, i); errs[i] != nil {
				cancel()
			}
		})
	}
	group.Wait()
	if err := ctx.Err(); err != nil {
		return firstOf(errs, func(error) bool { return true }, context.Cause(ctx))
	}
	return firstOf(errs, func(err error) bool { return !errors.Is(err, context.Canceled) }, nil)
}

func firstOf(errs []error, is func(error) bool, otherwise error) error {
	for _, err := range errs {
		if err != nil && is(err) {
			return err
		}
	}
	return otherwise
}
