package taskcluster

import (
	"context"
	"sync"
)

// width is how many questions of one query are under way at once. How many reach the service is settled outside.
const width = 10

// sideBySide asks f for every element at once and returns the answers in the order of the elements: all of them, or the
// error that came first. The rest is cancelled as soon as one fails.
func sideBySide[In, Out any](ctx context.Context, in []In, f func(context.Context, In) (Out, error)) ([]Out, error) {
	inner, cancel := context.WithCancel(ctx)
	defer cancel()
	out := make([]Out, len(in))
	slots := make(chan struct{}, width)
	var wg sync.WaitGroup
	var once sync.Once
	var first error
	for i := range in {
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			if inner.Err() != nil {
				return
			}
			answer, err := f(inner, in[i])
			if err != nil {
				once.Do(func() { first = err; cancel() })
			}
			out[i] = answer
		})
	}
	wg.Wait()
	if err := context.Cause(ctx); err != nil {
		return nil, err
	}
	if first != nil {
		return nil, first
	}
	return out, nil
}

// later begins f at once. What it returns waits for the answer, and may be called any number of times: once at the least,
// or f outlives its caller.
func later[V any](f func() (V, error)) func() (V, error) {
	var v V
	var err error
	done := make(chan struct{})
	go func() {
		defer close(done)
		v, err = f()
	}()
	return func() (V, error) {
		<-done
		return v, err
	}
}
