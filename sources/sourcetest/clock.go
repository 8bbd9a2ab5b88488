package sourcetest

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/mozci/mozci-run/sources"
)

// A Clock jumps: whoever sleeps on it wakes at once, later. It starts at noon of 2025-03-01, UTC.
type Clock struct {
	mu     sync.Mutex
	passed time.Duration
	slept  []time.Duration
}

// Now is the time to which it has jumped.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Date(2025, 3, 1, 12, 0, 0, 0, time.UTC).Add(c.passed)
}

// Sleep jumps by d, unless the context has ended.
func (c *Clock) Sleep(ctx context.Context, d time.Duration) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if d > 0 {
		c.passed += d
		c.slept = append(c.slept, d)
	}
	return nil
}

// Slept lists how long it was slept on, in order.
func (c *Clock) Slept() []time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.slept)
}

var _ sources.Clock = (*Clock)(nil)
