package sources

import (
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// Unpack asks for answers packed with gzip and unpacks them as they are read, up to limit bytes (0 means four times
// DefaultLimit): what is larger gives ErrTooLarge, however small it came. It has to be the transport nearest to the connection,
// so that everything above it sees plain bodies. Another packing, which nobody asked for, is ErrUnavailable.
func Unpack(next http.RoundTripper, limit int64) http.RoundTripper {
	if limit <= 0 {
		limit = 4 * DefaultLimit
	}
	return unpack{next, limit}
}

type unpack struct {
	next  http.RoundTripper
	limit int64
}

func (u unpack) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.Header.Get("Accept-Encoding") == "" {
		req = req.Clone(req.Context())
		req.Header.Set("Accept-Encoding", "gzip")
	}
	resp, err := u.next.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	packing := strings.ToLower(strings.TrimSpace(resp.Header.Get("Content-Encoding")))
	if packing == "" || packing == "identity" || req.Method == http.MethodHead || resp.ContentLength == 0 {
		return resp, nil
	}
	if packing != "gzip" && packing != "x-gzip" {
		resp.Body.Close()
		return nil, &Error{Kind: ErrUnavailable, Status: resp.StatusCode, Err: fmt.Errorf("the answer is packed as %.40q, and gzip is wanted", packing)}
	}
	resp.Body = &unpacked{packed: resp.Body, left: u.limit, limit: u.limit}
	resp.Header = resp.Header.Clone()
	resp.Header.Del("Content-Encoding")
	resp.Header.Del("Content-Length")
	resp.ContentLength, resp.Uncompressed = -1, true
	return resp, nil
}

// unpacked is a body that is unpacked as it is read. The header is read with the first byte, so that a slow body does
// not hold RoundTrip.
type unpacked struct {
	packed      io.ReadCloser
	zr          *gzip.Reader
	left, limit int64
	err         error // what every further Read gives
}

func (u *unpacked) Read(p []byte) (int, error) {
	if u.err != nil || len(p) == 0 {
		return 0, u.err
	}
	if u.zr == nil {
		if u.zr, u.err = gzip.NewReader(u.packed); u.err != nil {
			return 0, u.fail(u.err)
		}
	}
	if int64(len(p)) > u.left+1 {
		p = p[:u.left+1]
	}
	n, err := u.zr.Read(p)
	if u.left -= int64(n); u.left < 0 {
		return 0, u.fail(&Error{Kind: ErrTooLarge, Err: fmt.Errorf("more than %d bytes came, unpacked", u.limit), Hint: "ask for less at a time"})
	}
	return n, u.fail(err)
}

func (u *unpacked) fail(err error) error {
	if err == io.EOF && u.zr == nil {
		err = io.ErrUnexpectedEOF // nothing came where a packed answer was said to come
	}
	u.err = err
	return err
}

func (u *unpacked) Close() error { return u.packed.Close() }
