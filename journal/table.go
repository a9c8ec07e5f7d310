package journal

// Event is what happens to a purchase.
type Event string

// The events. Counting (attempts, doubt) is done by what raises them; the
// table says only which state follows.
const (
	Begin   Event = "begin"   // a request is about to be sent
	Lost    Event = "lost"    // the worker that sent it has not come back in time
	Unsent  Event = "unsent"  // proof that the request had no effect, and may be sent again
	GivenUp Event = "give up" // the same, and the caller was told so, or it would end like this each time
	Refused Event = "refused" // a documented refusal, before any charge
	Unclear Event = "unclear" // any other end of a request
	Taken   Event = "taken"   // the provider knows this reference or request already
	Part    Event = "part"    // charged, with something still to come
	Whole   Event = "whole"   // charged, and all of it has come
	Wrong   Event = "wrong"   // what came does not fit what was ordered
	Expired Event = "expired" // its time is over

	Disproved Event = "disproved" // complete lists prove that nothing was charged, by the operator's word
	Exhausted Event = "exhausted" // nothing more can be done or learnt by itself

	Repeat Event = "repeat" // the caller orders again what was not charged

	Withdraw        Event = "withdraw"         // the caller takes back what was not sent
	Escalate        Event = "escalate"         // an operator wants to look at it
	DecideDelivered Event = "decide delivered" // an operator's finding
	DecideUncharged Event = "decide uncharged"
	DecideRefunded  Event = "decide refunded"
)

// guard is a condition of a transition; its text is that of the documentation.
type guard struct {
	text string
	ok   func(facts) bool
}

// facts is what guards look at, with the event already counted.
type facts struct {
	doubt   int  // requests of unknown effect
	latest  bool // the event is about the latest request
	foreign bool // the provider knew the reference before it was sent
	alarm   bool // under review because a purchase that had ended has been charged, perhaps again
	barred  bool // never to be sent again
}

var (
	always    = guard{"", func(facts) bool { return true }}
	settled   = guard{"no request in doubt", func(f facts) bool { return f.doubt == 0 }}
	inDoubt   = guard{"an earlier request in doubt", func(f facts) bool { return f.latest && f.doubt > 0 }}
	latest    = guard{"the latest request", func(f facts) bool { return f.latest }}
	foreigner = guard{"no earlier request can be why", func(f facts) bool { return f.latest && f.foreign }}
	reusable  = guard{"no request in doubt, and not barred", func(f facts) bool { return f.doubt == 0 && !f.barred }}
	noAlarm   = guard{"no alarm", func(f facts) bool { return !f.alarm }}
)

// transition is a row of the table: in one of From, at Event, if If holds,
// the purchase goes To.
type transition struct {
	From  []State
	Event Event
	If    guard
	To    State
}

// transitions is the state machine. The first row that fits counts; where none
// fits nothing changes. docs/journal.md is rendered from it.
var transitions = []transition{
	{[]State{Ready, Unknown}, Begin, always, Sending},
	{[]State{Sending}, Lost, always, Unknown},

	{[]State{Sending, Unknown}, Unsent, settled, Ready},
	{[]State{Sending}, Unsent, inDoubt, Unknown},
	{[]State{Sending, Unknown}, GivenUp, settled, NotExecuted},
	{[]State{Sending}, GivenUp, inDoubt, Unknown},
	{[]State{Sending, Unknown}, Refused, settled, Rejected},
	{[]State{Sending}, Refused, inDoubt, Unknown},
	{[]State{Sending}, Unclear, latest, Unknown},
	{[]State{Sending}, Taken, foreigner, Review},
	{[]State{Sending}, Taken, latest, Unknown},

	{[]State{Ready, Sending, Unknown, Provisioning}, Part, always, Provisioning},
	{[]State{Ready, Sending, Unknown, Provisioning}, Whole, always, Delivered},
	{[]State{Review}, Part, noAlarm, Provisioning},
	{[]State{Review}, Whole, noAlarm, Delivered},
	{[]State{Rejected, NotExecuted}, Part, always, Review},
	{[]State{Rejected, NotExecuted}, Whole, always, Review},
	{[]State{Ready, Sending, Unknown, Provisioning}, Wrong, always, Review},
	{[]State{Delivered, Refunded, Rejected, NotExecuted}, Wrong, always, Review},

	{[]State{Ready}, Expired, settled, NotExecuted},
	{[]State{Sending, Unknown, Provisioning}, Expired, always, Review},
	{[]State{Unknown}, Disproved, settled, NotExecuted},
	{[]State{Ready}, Exhausted, settled, Rejected},
	{[]State{Unknown, Provisioning}, Exhausted, always, Review},
	{[]State{Rejected, NotExecuted}, Repeat, reusable, Ready},

	{[]State{Ready}, Withdraw, settled, NotExecuted},
	{[]State{Unknown, Provisioning}, Escalate, always, Review},
	{[]State{Review}, DecideDelivered, always, Delivered},
	{[]State{Review}, DecideUncharged, always, NotExecuted},
	{[]State{Review}, DecideRefunded, always, Refunded},
}
