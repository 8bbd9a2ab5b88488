package workflowtest

import (
	"context"
	"sync"
	"time"
)

// A jumping clock stands still, and jumps to the end of whatever is waited for. Two that wait side by side wait one after the other.
type jumping struct {
	mu  sync.Mutex
	now time.Time
}

// Now is the time.
func (c *jumping) Now() time.Time { c.mu.Lock(); defer c.mu.Unlock(); return c.now }

// Sleep jumps.
func (c *jumping) Sleep(ctx context.Context, d time.Duration) error {
	if err := ctx.Err(); err != nil {
		return context.Cause(ctx)
	}
	if d <= 0 {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
	return nil
}
