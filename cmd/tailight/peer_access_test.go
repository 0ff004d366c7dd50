//go:build linux && peer

package main

import "testing"

// TestPeerAccess runs the golden cases that depend on who runs them, both
// programs beside each other.
func TestPeerAccess(t *testing.T) {
	t.Parallel()
	theirs, ours := peer(t), ours(t)
	ran := 0
	for _, g := range goldenGroups() {
		for _, c := range g.cases {
			if !c.access {
				continue
			}
			ran++
			t.Run(g.name+" "+c.name, func(t *testing.T) {
				t.Parallel()
				want, err := c.run(t, theirs)
				if err != nil {
					t.Fatal(err)
				}
				got, err := c.run(t, ours)
				if err != nil {
					t.Fatal(err)
				}
				if want, got := want.text(c), got.text(c); want != got {
					t.Errorf("(- 0.76, + ours)\n%s", diff(want, got))
				}
			})
		}
	}
	if ran == 0 {
		t.Error("no case is marked by accessed")
	}
}
