package rotate

import (
	"context"
	"os"
	"slices"
	"time"
)

// How often everything is looked at while following: where changes are told of,
// where they are not, and while a directory is missing, whose coming nobody
// tells.
const (
	sweepRarely  = 5 * time.Second
	sweepOften   = 200 * time.Millisecond
	sweepMissing = 500 * time.Millisecond
)

// wait waits until there may be more. It returns false when the context has
// ended, or nothing can come any more.
func (r *Reader) wait(ctx context.Context) bool {
	if r.opt.Dirs == nil && !slices.ContainsFunc(r.sources, func(s *source) bool { return !s.done }) {
		return false
	}
	if r.opt.Idle != nil {
		r.opt.Idle()
	}
	if r.pause(ctx) {
		r.changes, r.sweep = true, time.Time{}
		for _, s := range r.sources {
			s.dirty = true
		}
	}
	if r.changes && !r.stop.Load() {
		r.ask()
	}
	return !r.stop.Load()
}

// pause waits for a change, and reports whether it is time for a sweep.
func (r *Reader) pause(ctx context.Context) (sweep bool) {
	if r.sweep.IsZero() {
		r.sweep = time.Now().Add(r.interval())
	}
	if r.watch != nil {
		return r.watch.wait(r.sweep, r.stop.Load, r.changed)
	}
	t := time.NewTimer(time.Until(r.sweep))
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
	return true
}

func (r *Reader) interval() time.Duration {
	switch {
	case r.watch == nil || r.watch.failed:
		return sweepOften
	case slices.ContainsFunc(r.sources, func(s *source) bool { return s.missing && !s.done }):
		return sweepMissing
	case r.opt.rarely != 0:
		return r.opt.rarely
	}
	return sweepRarely
}

// changed is told of an event.
func (r *Reader) changed(s *source) {
	if s == nil {
		r.changes = true
	} else {
		s.dirty = true
	}
}

// ask looks for new directories.
func (r *Reader) ask() {
	r.changes = false
	if r.opt.Dirs == nil {
		return
	}
	known := len(r.sources)
	r.add(r.opt.Dirs())
	for _, s := range r.sources[known:] {
		if err := s.begin(); err != nil {
			r.warn(err)
			s.done, s.missing = false, true
		}
	}
}

// watchDir makes changes of a directory known.
func (r *Reader) watchDir(s *source) {
	if r.watch != nil {
		r.watch.dir(s.dir, s)
	}
}

// watchFile makes known what is written to the last file. It goes before the
// reading, so that nothing is written unseen between.
func (r *Reader) watchFile(s *source, t *text) {
	if r.watch != nil {
		t.watched = r.watch.file(t.f, s)
	}
}

func (r *Reader) unwatchFile(s *source, t *text) {
	if r.watch != nil {
		r.watch.forget(t.watched, s)
	}
}

func plainFileAt(name string) (fileID, int64, error) {
	fi, err := os.Stat(name)
	if err != nil {
		return fileID{}, 0, err
	}
	in := infoOf(fi)
	return in.id, in.size, nil
}
