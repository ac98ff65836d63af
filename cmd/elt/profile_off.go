//go:build !profile

package main

// profiled runs elt. Built with the tag profile, as bench/profile does, it also writes
// profiles; a user's elt has none of that in it.
func profiled(elt func() int) int { return elt() }
