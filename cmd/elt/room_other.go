//go:build !linux

package main

// room is of use on Linux alone.
type room struct{ tried bool }

func (r *room) reserve(int) bool {
	r.tried = true
	return false
}

func (r *room) leave() {}
