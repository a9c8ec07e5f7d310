package journaltest

import "github.com/esimkit/esim/journal"

var namedChecks = []check{
	{"by one of its keys", namedOne},
	{"once for several keys", namedOnce},
	{"several entries", namedSeveral},
	{"at its provider only", namedPerProvider},
	{"unknown names", namedNothing},
}

func namedOne(t *trial) {
	want := t.created(north, "cart-1", func(e *journal.Entry) { e.Keys = []string{"order:1", "item:7"} })
	t.created(north, "cart-2", func(e *journal.Entry) { e.Keys = []string{"order:2"} })
	found := t.named(north, "item:0", "item:7")
	t.wantReferences("the entry with item:7", found, "cart-1")
	for i := range found {
		t.wantSame("what Named returns", want, found[i])
	}
}

func namedOnce(t *trial) {
	t.created(north, "cart-1", func(e *journal.Entry) { e.Keys = []string{"order:1", "item:7", "item:8"} })
	t.wantReferences("the entry with three keys", t.named(north, "item:8", "order:1", "item:7"), "cart-1")
}

func namedSeveral(t *trial) {
	for _, ref := range []string{"cart-1", "cart-2", "cart-3"} {
		t.created(north, ref, func(e *journal.Entry) { e.Keys = []string{"order:" + ref} })
	}
	found := t.named(north, "order:cart-3", "order:cart-1", "order:cart-9")
	if len(found) != 2 || found[0].Reference == found[1].Reference {
		t.Errorf("two names of two entries find %d", len(found))
	}
	for i := range found {
		if found[i].Reference == "cart-2" {
			t.Error("an entry is found by a name it has not")
		}
	}
}

func namedPerProvider(t *trial) {
	t.created(north, "cart-1", func(e *journal.Entry) { e.Keys = []string{"order:1"} })
	t.wantReferences("order:1 elsewhere", t.named(south, "order:1"))
	t.wantReferences("order:1 at no provider", t.named("", "order:1"))
}

func namedNothing(t *trial) {
	t.created(north, "cart-1", func(e *journal.Entry) { e.Keys = []string{"order:1"} })
	t.wantReferences("an unknown name", t.named(north, "order:2"))
	t.wantReferences("part of a name", t.named(north, "order:"))
	t.wantReferences("a reference, which is no key", t.named(north, "cart-1"))
	t.wantReferences("no name at all", t.named(north))
}
