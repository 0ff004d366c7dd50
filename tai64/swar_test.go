package tai64

import "testing"

func TestLabelsAreReadFastAndAlike(t *testing.T) {
	t.Parallel()
	const label = "@4000000037c219bf2ef02e94"
	for at := range len(label) {
		for c := range 256 {
			b := []byte(label)
			b[at] = byte(c)
			want, err := ParseTAI64N(string(b))
			got, ok := parseLabel(b)
			if ok != (err == nil) || ok && got != want {
				t.Fatalf("%q: %v %t, want %v, %v", b, got, ok, want, err)
			}
		}
	}
}
