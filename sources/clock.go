package sources

import (
	"context"
	"time"
)

// A Clock is the time of a profile: real, fast for a simulated CI, jumping in tests. Waits and deadlines are in its time.
type Clock interface {
	// Now is the time of the profile, UTC.
	Now() time.Time
	// Sleep waits until d of the profile's time has passed, or returns the context's error. d ≤ 0 returns at once.
	Sleep(ctx context.Context, d time.Duration) error
}
