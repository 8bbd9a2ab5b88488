package ci

import "testing"

func TestSameSuite(t *testing.T) {
	rows := []struct {
		a, b string
		want bool
	}{
		{"test-linux/opt-mochitest-browser-chrome-3", "test-linux/opt-mochitest-browser-chrome-12", true},
		{"test-linux/opt-mochitest-browser-chrome-3", "test-linux/opt-mochitest-browser-chrome-3", true},
		{"test-linux/opt-mochitest-browser-chrome-3", "test-linux/debug-mochitest-browser-chrome-3", false},
		{"test-linux/opt-mochitest-browser-chrome-3", "test-linux/opt-mochitest-browser-chrome", false},
		{"test-linux1804-64/opt", "test-linux2404-64/opt", false},
		{"Ubuntu VM 12.04 x64 autoland opt test mochitest-1", "Ubuntu VM 12.04 x64 autoland opt test mochitest-5", true},
		{"build-win32", "build-win64", false},
		{"build-3", "build-", false},
		{"build-32", "build-64", true}, // by name they are chunks: an adapter and a rule look at the platform as well
		{"", "", true},
		{"7", "8", false},
	}
	for _, r := range rows {
		if got := SameSuite(r.a, r.b); got != r.want {
			t.Errorf("SameSuite(%q, %q) = %v, want %v", r.a, r.b, got, r.want)
		}
	}
}
