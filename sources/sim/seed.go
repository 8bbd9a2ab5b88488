package sim

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"strconv"
	"time"
)

// A seed is where all randomness of a world comes from. Every value belongs to an entity, named by its parts, so that
// the order in which entities are asked about does not matter.
type seed uint64

// hash mixes the seed with the name of an entity.
func (s seed) hash(parts ...any) [32]byte {
	b := binary.BigEndian.AppendUint64(make([]byte, 0, 160), uint64(s))
	for _, p := range parts {
		b = append(b, 0)
		switch p := p.(type) { // the two that nearly all are, without fmt's detours
		case string:
			b = append(b, p...)
		case int:
			b = strconv.AppendInt(b, int64(p), 10)
		default:
			b = fmt.Append(b, p)
		}
	}
	return sha256.Sum256(b)
}

// rng returns the entity's own source of random numbers.
func (s seed) rng(parts ...any) *rand.Rand {
	sum := s.hash(parts...)
	return rand.New(rand.NewPCG(binary.BigEndian.Uint64(sum[:8]), binary.BigEndian.Uint64(sum[8:16])))
}

// chance is true with probability p.
func (s seed) chance(p float64, parts ...any) bool {
	return p > 0 && s.rng(parts...).Float64() < p
}

// span is a duration between mean·(1-jitter) and mean·(1+jitter), in whole milliseconds, as Taskcluster's times are.
func (s seed) span(mean time.Duration, jitter float64, parts ...any) time.Duration {
	d := float64(mean) * (1 + jitter*(2*s.rng(parts...).Float64()-1))
	return max(0, time.Duration(d)).Truncate(time.Millisecond)
}

// hex40 is a revision, or a signature.
func (s seed) hex40(parts ...any) string {
	sum := s.hash(parts...)
	return hex.EncodeToString(sum[:20])
}

// slug is a task id: a version 4 UUID in Taskcluster's base64 form, which never begins with a dash.
func (s seed) slug(parts ...any) string {
	sum := s.hash(parts...)
	id := sum[:16]
	id[0] &= 0x7f
	id[6] = id[6]&0x0f | 0x40
	id[8] = id[8]&0x3f | 0x80
	return base64.RawURLEncoding.EncodeToString(id)
}

// uuidOf is a task id in the form that Treeherder's job_guid has; an id that is no slug stays as it is.
func uuidOf(slug string) string {
	b, err := base64.RawURLEncoding.DecodeString(slug)
	if err != nil || len(b) != 16 {
		return slug
	}
	x := hex.EncodeToString(b)
	return x[:8] + "-" + x[8:12] + "-" + x[12:16] + "-" + x[16:20] + "-" + x[20:]
}
