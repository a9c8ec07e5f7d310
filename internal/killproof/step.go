package killproof

import (
	"fmt"
	"os"
	"sync/atomic"
)

// Step is a place at which a receiver is killed.
type Step string

// The steps in the order in which a webhook comes by.
const (
	BodyRead     Step = "body read"
	Verified     Step = "verified"
	BeforeAdd    Step = "before the commit"
	Added        Step = "committed"
	GivenOut     Step = "given out"
	BeforeEffect Step = "before the effect"
	AfterEffect  Step = "after the effect"
	BeforeDone   Step = "before it is done"
	Done         Step = "done"
	BeforeRetry  Step = "before it is put off"
	BeforeAnswer Step = "before the answer"
	Answered     Step = "answered"
)

// Steps returns all of them.
func Steps() []Step {
	return []Step{
		BodyRead, Verified, BeforeAdd, Added, GivenOut, BeforeEffect, AfterEffect, BeforeDone, Done, BeforeRetry, BeforeAnswer, Answered,
	}
}

// stage stops who comes by one of the steps, and says so, for the program to
// be killed there.
type stage struct {
	stop  Step // "" = none
	times atomic.Int64
}

// at is called by who comes by a step.
func (s *stage) at(step Step) {
	if step != s.stop || s.times.Add(-1) != 0 {
		return
	}
	say(atStep, string(step))
	select {}
}

// What the program tells whoever has started it, a line each.
const (
	listening = "listening "
	atStep    = "at "
	failed    = "failed "
)

func say(what, more string) {
	_, _ = fmt.Fprintln(os.Stdout, what+more) // who does not hear it ends the program
}
