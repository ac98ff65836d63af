package main

import (
	"fmt"
	"os"
	"strings"
	"sync"
	"time"
)

// The environment of the program "killable", which is elt and kills itself where a test says so.
// Only this test binary reads it.
const (
	killAt      = "ELT_TEST_KILL_AT" // "name#n": at the nth time that the point is reached
	reachedFile = "ELT_TEST_REACHED" // the file that gets the name of each point that is reached, a line each
)

// killableMain is main, but that it follows killAt and reachedFile.
func killableMain() {
	heedFileSize()
	in := newInvocation(interruptible(os.Exit, os.Stderr, stopTime), os.Stdin, os.Stdout, os.Stderr, os.LookupEnv)
	in.point = deadly(os.Getenv(killAt), os.Getenv(reachedFile))
	os.Exit(in.run(os.Args))
}

// unhurriedMain is the program "unhurried": elt on a machine that is slow, of which a text says what it
// tells after an interrupt. elt itself leaves what has not ended in time.
func unhurriedMain() {
	heedFileSize()
	os.Exit(run(interruptible(os.Exit, os.Stderr, hangTime), os.Args, os.Stdin, os.Stdout, os.Stderr, os.LookupEnv))
}

// deadly tells of each point that is reached and kills the process, with SIGKILL where there
// are signals, at one of them.
func deadly(at, file string) func(string) {
	var mu sync.Mutex
	times := map[string]int{}
	return func(name string) {
		mu.Lock()
		defer mu.Unlock()
		times[name]++
		if err := appendLine(file, name); err != nil {
			panic(err)
		}
		if name == "candidate-created" && times[name] == 1 && strings.HasPrefix(at, "candidate-recorded#") {
			time.Sleep(1100 * time.Millisecond) // what quick builds have made is recorded only when they publish it
		}
		if fmt.Sprintf("%s#%d", name, times[name]) != at {
			return
		}
		if self, err := os.FindProcess(os.Getpid()); err != nil || self.Kill() != nil {
			panic("a process cannot kill itself")
		}
		select {} // the signal is on its way
	}
}

// appendLine adds a line to a file.
func appendLine(file, line string) error {
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o644)
	if err != nil {
		return err
	}
	_, err = f.WriteString(strings.TrimSpace(line) + "\n")
	if closing := f.Close(); err == nil {
		err = closing
	}
	return err
}
