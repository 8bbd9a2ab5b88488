package main

import (
	"context"
	"sync"
	"time"

	"github.com/mozci/mozci-run/sources"
)

// A realClock is the machine's.
type realClock struct{ m machine }

func (c realClock) Now() time.Time                                   { return c.m.now().UTC() }
func (c realClock) Sleep(ctx context.Context, d time.Duration) error { return c.m.sleep(ctx, d) }

// A fastClock reads start when the machine's clock reads at, and runs speed times as fast.
type fastClock struct {
	m         machine
	start, at time.Time
	speed     float64
}

func (c fastClock) Now() time.Time {
	return c.start.Add(time.Duration(float64(c.m.now().Sub(c.at)) * c.speed)).UTC()
}

func (c fastClock) Sleep(ctx context.Context, d time.Duration) error {
	return c.m.sleep(ctx, time.Duration(float64(d)/c.speed))
}

// A jumpingClock stands still, and jumps when somebody waits: a day of a simulated CI passes in the time that the
// program needs to think about it.
type jumpingClock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *jumpingClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *jumpingClock) Sleep(ctx context.Context, d time.Duration) error {
	if err := ctx.Err(); err != nil || d <= 0 {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
	return nil
}

var _, _, _ sources.Clock = realClock{}, fastClock{}, (*jumpingClock)(nil)
