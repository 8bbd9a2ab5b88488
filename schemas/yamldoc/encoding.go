package yamldoc

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// wide are the encodings of more than one byte that editors write: by their mark at the start of the text, and, where a text has none, by
// where the zeros of its first characters are. The wider one of two with the same mark comes first.
var wide = []struct {
	name, iconv string
	mark        string
	zeros       string // of the first bytes: 0 for a zero, x for none
	width       int
	order       binary.ByteOrder
}{
	{"UTF-32, little-endian", "UTF-32LE", "\xff\xfe\x00\x00", "x000x000", 4, binary.LittleEndian},
	{"UTF-32, big-endian", "UTF-32BE", "\x00\x00\xfe\xff", "000x000x", 4, binary.BigEndian},
	{"UTF-16, little-endian", "UTF-16LE", "\xff\xfe", "x0x0", 2, binary.LittleEndian},
	{"UTF-16, big-endian", "UTF-16BE", "\xfe\xff", "0x0x", 2, binary.BigEndian},
}

// otherEncoding finds a text that is in another encoding than UTF-8, names it, and shows its first line as it was meant.
func otherEncoding(file string, text []byte) *Problem {
	for _, e := range wide {
		if !strings.HasPrefix(string(text), e.mark) && zeros(text, len(e.zeros)) != e.zeros {
			continue
		}
		text = bytes.TrimPrefix(text, []byte(e.mark))
		meant := decodeWide(text[:min(len(text), 4<<10)], e.width, e.order)
		p := newSource(file, meant).problem(1, 1, "yaml-encoding",
			fmt.Sprintf("the file is in %s, and UTF-8 is read here; save it as UTF-8, or: iconv -f %s -t UTF-8 FILE > NEW", e.name, e.iconv))
		return &p
	}
	return nil
}

// zeros writes down which of the first n bytes are zero; empty where there are fewer.
func zeros(text []byte, n int) string {
	if len(text) < n {
		return ""
	}
	var b strings.Builder
	for _, c := range text[:n] {
		if c == 0 {
			b.WriteByte('0')
		} else {
			b.WriteByte('x')
		}
	}
	return b.String()
}

func decodeWide(text []byte, width int, order binary.ByteOrder) string {
	var units []uint16
	var out []rune
	for ; len(text) >= width; text = text[width:] {
		if width == 4 {
			out = append(out, rune(order.Uint32(text)))
		} else {
			units = append(units, order.Uint16(text))
		}
	}
	return string(append(out, utf16.Decode(units)...))
}

// notUTF8 says what a byte is that is none of UTF-8's: with the letter that it stands for in what editors of one byte a letter write.
func notUTF8(line string) string {
	for i, r := range line {
		if r != utf8.RuneError {
			continue
		}
		if _, size := utf8.DecodeRuneInString(line[i:]); size != 1 {
			continue // the character U+FFFD itself, which somebody has written
		}
		if c := line[i]; c >= 0xa0 {
			return fmt.Sprintf("the byte 0x%X is not UTF-8; is the file in Latin-1 or Windows-1252, where it is %c? Save it as UTF-8, or: iconv -f WINDOWS-1252 -t UTF-8 FILE > NEW", c, rune(c))
		}
		return fmt.Sprintf("the byte 0x%X is not UTF-8; save the file as UTF-8", line[i])
	}
	return ""
}
